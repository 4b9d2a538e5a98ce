// urls.ts takes URLs apart as they are written: tokens and metadata are compared byte for byte, so nothing may be
// normalized on the way (RFC 3986 §3, RFC 8414 §3.3).

/** PlainURL is the parts of an absolute URL with a host, as they stand in the text, the scheme in lower case. */
export interface PlainURL {
  scheme: string
  authority: string // host and port
  hostname: string
  path: string
}

/** parseURL is undefined for what is no URL with a host, and for one with user information. */
export function parseURL(text: string): PlainURL | undefined {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/((\[[0-9a-f:.]+\]|[a-z0-9._~-]+)(?::\d{1,5})?)([/?#].*)?$/i.exec(text)
  if (!parts || !URL.canParse(text)) {
    return undefined
  }
  const [, scheme = '', authority = '', hostname = '', rest = ''] = parts
  return { scheme: scheme.toLowerCase(), authority, hostname, path: rest.replace(/[?#].*$/s, '') }
}

/** notSecure says why a URL may not be used: it wants https; http is for the machine itself. */
export function notSecure(text: string): string | undefined {
  const url = parseURL(text)
  if (!url) {
    return 'must be an absolute URL with a host and without user information'
  }
  const loopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (url.scheme !== 'https' && !(url.scheme === 'http' && loopback)) {
    return 'must be https; http is for 127.0.0.1, [::1] and localhost only'
  }
  return undefined
}

/** notCanonical says why a URL cannot be a resource: tokens name it in one spelling (RFC 8707 §2). */
export function notCanonical(text: string): string | undefined {
  const insecure = notSecure(text)
  if (insecure !== undefined) {
    return insecure
  }
  const { scheme, authority, path } = parseURL(text) as PlainURL
  if (/[?#]/.test(text)) {
    return 'must have no query and no fragment'
  }
  if (!text.startsWith(`${scheme}://${authority.toLowerCase()}`)) {
    return 'must have its scheme and host in lower case'
  }
  if (path.endsWith('/')) {
    return 'must have no slash at its end'
  }
  if (!/^[A-Za-z0-9\-._~!$&'()*+,=:@/[\]]*$/.test(path) || path.includes('//')) {
    return 'must have a path of plain characters'
  }
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) {
    return 'must have no . or .. segment'
  }
  return undefined
}
