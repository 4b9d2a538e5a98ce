// call.ts tells which operation a request asks for: from the body, which is what the server acts on, never from the
// headers, which must agree (MCP 2026-07-28, Streamable HTTP, Standard Request Headers).

import { BodyGone, CallError } from './errors.js'
import { decodeText, isJSON, scanObject, type Member } from './scan.js'

/** headersSince is the revision that requires Mcp-Method and Mcp-Name. */
const headersSince = '2026-07-28'

const maxDepth = 256

// JSON-RPC error codes (JSON-RPC 2.0 §5.1; MCP 2026-07-28, error codes).
const codeParse = -32700
const codeHeaderMismatch = -32020
const codeInvalidParams = -32602
/** codeInvalidRequest is for what is JSON and no request. */
export const codeInvalidRequest = -32600

/** Incoming is a request, from fetch or from node:http. */
export interface Incoming {
  method: string
  /** headers are all values of a header, by its name in small letters. */
  headers(name: string): string[]
  /** body reads the body once, at most max bytes; undefined when there are more. */
  body(max: number): Promise<Uint8Array<ArrayBuffer> | undefined>
}

/** Call is what a POST asks for. A response or a GET has no method. */
export interface Call {
  method: string
  name: string // of the tool or prompt, or the URI of the resource
  id?: string
  /** body is what must be handed on, and nothing else; undefined when it was not looked at. */
  body?: Uint8Array<ArrayBuffer>
}

/**
 * readCall reads the body once, within bounds. GET, HEAD, DELETE and OPTIONS carry none; what they bring along is to be
 * dropped, so nothing behind us can act on a call that was not looked at.
 */
export async function readCall(request: Incoming, maxBody: number): Promise<Call> {
  if (['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(request.method)) {
    return { method: '', name: '', body: new Uint8Array(0) }
  }
  const coding = request.headers('content-encoding').join()
  if (coding !== '' && coding.toLowerCase() !== 'identity') {
    throw new CallError(415, codeInvalidRequest, 'send the body without a content coding')
  }
  const body = Number(request.headers('content-length')[0] ?? 0) > maxBody ? undefined : await wholeBody(request, maxBody)
  if (body === undefined) {
    throw new CallError(413, codeInvalidRequest, 'the body is too large')
  }
  const call = parseCall(body)
  checkHeaders(request, call)
  return { ...call, body }
}

async function wholeBody(request: Incoming, maxBody: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await request.body(maxBody)
  } catch (err) {
    throw err instanceof BodyGone ? err : new CallError(400, codeParse, 'the body did not arrive whole')
  }
}

/** parseCall reads one JSON-RPC message. */
export function parseCall(body: Uint8Array): Call {
  const members = scanMessage(body)
  const raw = (name: string) => members.find(({ key }) => key === name)?.raw
  const id = /^["\d-]/.test(raw('id') ?? '') ? raw('id') : undefined
  const refuse = (code: number, text: string) => new CallError(400, code, text, id)
  for (const { key } of members) {
    const exact = otherLetters(key, ['jsonrpc', 'id', 'method', 'params', 'result', 'error'])
    if (exact !== undefined) {
      throw refuse(codeInvalidRequest, 'a member must be spelled ' + exact)
    }
  }
  const method = raw('method') === undefined ? '' : plainString(raw('method'))
  if (method === undefined || (method === '' && raw('method') !== undefined)) {
    throw refuse(codeInvalidRequest, 'method must be a plain string')
  }
  if ((raw('result') !== undefined || raw('error') !== undefined) === (method !== '')) {
    throw refuse(codeInvalidRequest, 'the message must be either a request or a response')
  }
  try {
    return { method, name: targetName(method, raw('params') ?? ''), ...(id === undefined ? {} : { id }) }
  } catch (err) {
    throw refuse(codeInvalidParams, (err as Error).message)
  }
}

function scanMessage(body: Uint8Array): Member[] {
  const refuse = (text: string) => new CallError(400, codeParse, text)
  const text = decodeText(body)
  if (text === undefined) {
    throw refuse('the body is not plain UTF-8')
  }
  if (!isJSON(text)) {
    throw refuse('the body is not JSON')
  }
  const first = text.trimStart()[0]
  if (first !== '{') {
    throw refuse(first === '[' ? 'batches are not accepted' : 'the body is not a JSON object')
  }
  try {
    return scanObject(text, { maxDepth, key: plainKey })
  } catch (err) {
    throw refuse((err as Error).message)
  }
}

/** plainKey refuses a key with a NUL, which some readers cut off, and one with broken UTF-16. */
function plainKey(key: string, escaped: boolean): void {
  if (escaped && /[\0\ufffd]/.test(key)) {
    throw new Error('a member has a name that readers understand differently')
  }
}

/** targetMember is the member of params that names what a method acts on. */
function targetMember(method: string): string {
  switch (method) {
    case 'tools/call':
    case 'prompts/get':
      return 'name'
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return 'uri'
  }
  return ''
}

/** targetName is the tool, prompt or resource that the parameters name. */
function targetName(method: string, params: string): string {
  const target = targetMember(method)
  if (!params.startsWith('{')) {
    if (target !== '') {
      throw new Error('params must be an object with ' + target)
    }
    return ''
  }
  let name: string | undefined
  for (const { key, raw } of scanObject(params, { maxDepth })) {
    const exact = otherLetters(key, ['name', 'uri', 'arguments', '_meta'])
    if (exact !== undefined) {
      throw new Error('a member of params must be spelled ' + exact)
    }
    if (key === target) {
      name = plainString(raw)
      if (name === undefined) {
        throw new Error(target + ' must be a plain string')
      }
    }
  }
  if (target !== '' && !name) {
    throw new Error('params lacks ' + target)
  }
  return name ?? ''
}

/** otherLetters is the one of names that key is to a reader that does not mind case, unless it is exactly that. */
function otherLetters(key: string, names: readonly string[]): string | undefined {
  const folded = key.toLowerCase().replaceAll('\u017f', 's') // the Kelvin sign becomes k by itself
  return names.find((name) => name !== key && name === folded)
}

/** plainString decodes a JSON string without control characters and without what stands for broken UTF-16. */
function plainString(raw: string | undefined): string | undefined {
  if (!raw?.startsWith('"')) {
    return undefined
  }
  const text = JSON.parse(raw) as string
  return /[\0-\x1f\x7f\ufffd]/.test(text) || !text.isWellFormed() ? undefined : text
}

/**
 * checkHeaders wants Mcp-Method and Mcp-Name to say what the body says. Before 2026-07-28 they may be absent, and on a
 * notification always: the official client, and with it Claude Code, sends them with requests only.
 */
function checkHeaders(request: Incoming, call: Call): void {
  const mismatch = (text: string) => new CallError(400, codeHeaderMismatch, text, call.id)
  const versions = request.headers('mcp-protocol-version')
  if (versions.length > 1) {
    throw mismatch('MCP-Protocol-Version is there more than once')
  }
  const required = (versions[0] ?? '') >= headersSince && call.method !== '' && !call.method.startsWith('notifications/')
  const check = (header: string, want: string, needed: boolean) => {
    const values = request.headers(header.toLowerCase())
    if (values.length > 1) {
      throw mismatch(`the ${header} header is there more than once`)
    }
    if (values.length === 0 && needed) {
      throw mismatch(`the ${header} header is missing`)
    }
    if (values[0] !== undefined && decodeHeader(values[0]) !== want) {
      throw mismatch(`the ${header} header does not agree with the body`)
    }
  }
  check('Mcp-Method', call.method, required)
  if (targetMember(call.method) !== '') {
    check('Mcp-Name', call.name, required && ['tools/call', 'prompts/get', 'resources/read'].includes(call.method))
  }
}

/** decodeHeader reads a value that may be in the form =?base64?…?=; undefined when that is broken. */
function decodeHeader(value: string): string | undefined {
  const encoded = /^=\?base64\?(.*)\?=$/s.exec(value)?.[1]
  if (encoded === undefined) {
    return value
  }
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded)) {
    return undefined
  }
  const binary = atob(encoded)
  try {
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0))
    return btoa(binary) === encoded ? new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) : undefined
  } catch {
    return undefined
  }
}
