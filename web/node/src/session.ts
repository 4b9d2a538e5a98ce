// session.ts ties session ids to who got them (MCP 2025-11-25, Session Management; Security Best Practices, Session Hijacking).

import { codeInvalidRequest, type Incoming } from './call.js'
import { CallError } from './errors.js'
import { join } from './issuer.js'
import type { Token } from './token.js'

/** sessionHeader is the header in small letters. */
export const sessionHeader = 'mcp-session-id'

/**
 * Sessions seals ids: a client sees the server's own id, and behind the last dot a MAC over it and who got it. Nothing is
 * stored, and no id works for another person, organization or client. The Go library makes the same of the same key.
 */
export class Sessions {
  private key: Promise<CryptoKey> | undefined
  private bytes: Uint8Array | undefined

  constructor(key: Uint8Array | string | undefined) {
    this.bytes = typeof key === 'string' ? new TextEncoder().encode(key) : key?.slice()
  }

  /** secret is what the MAC is made with. It is chosen at first use: some runtimes give no random bytes before. */
  secret(): Uint8Array<ArrayBuffer> {
    this.bytes ??= crypto.getRandomValues(new Uint8Array(32))
    return new Uint8Array(this.bytes)
  }

  /** seal is the session id as the client sees it. */
  async seal(id: string, token: Token): Promise<string> {
    this.key ??= crypto.subtle.importKey('raw', this.secret(), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    return sealWith(id, new Uint8Array(await crypto.subtle.sign('HMAC', await this.key, macText(id, token))))
  }

  /**
   * open gives the server its own session id back, undefined if there is none, when the request comes from who got it. To
   * anyone else the session does not exist: 404, on which clients begin a new one.
   */
  async open(request: Incoming, token: Token): Promise<string | undefined> {
    const [sealedId, ...more] = request.headers(sessionHeader)
    if (sealedId === undefined) {
      return undefined
    }
    const id = sealedId.slice(0, Math.max(0, sealedId.lastIndexOf('.')))
    if (more.length > 0 || id === '' || !equal(await this.seal(id, token), sealedId)) {
      throw new CallError(404, codeInvalidRequest, 'there is no such session')
    }
    return id
  }
}

/** sealWith is a session id and the start of its MAC. */
export function sealWith(id: string, mac: Uint8Array): string {
  const text = btoa(String.fromCharCode(...mac.subarray(0, 16)))
  return `${id}.${text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}`
}

/** macText is what the MAC is over: each part behind its length. */
export function macText(id: string, token: Token): Uint8Array<ArrayBuffer> {
  const parts = [token.issuer, token.subject, token.orgId ?? '', token.clientId, id].flatMap((part) => {
    const text = new TextEncoder().encode(part)
    const length = new Uint8Array(8)
    new DataView(length.buffer).setUint32(4, text.length)
    return [length, text]
  })
  return join(parts, parts.reduce((sum, part) => sum + part.length, 0))
}

/** equal compares in time that does not depend on where two texts differ. */
function equal(a: string, b: string): boolean {
  let differ = a.length ^ b.length
  for (let i = 0; i < a.length; i++) {
    differ |= a.charCodeAt(i) ^ b.charCodeAt(i)
  }
  return differ === 0
}
