// jws.ts: signed tokens in compact form (RFC 7515 §3.1), hardened as RFC 8725 §3 asks, and the keys they are signed
// with (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).

import { compactVerify, importJWK, type CryptoKey, type JWK } from 'jose'

import { invalidToken } from './errors.js'
import { decodeText } from './scan.js'
import { Document } from './json.js'

/** maxToken is the longest token that is looked at, in bytes. */
export const maxToken = 8 << 10

// A member that would change how the token must be read makes it unacceptable, null or not.
const forbidden = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'zip', 'b64', 'enc']
const headerNames = { '': ['alg', 'typ', 'kid', ...forbidden] }

/** JWS is a compact token taken apart. Nothing in it is proven until verifyJWS says so. */
export interface JWS {
  alg: string
  typ: string
  kid: string
  payload: string
}

/** Algorithm is one the library verifies. There is no "none" and no shared-secret algorithm. */
export type Algorithm = 'ES256' | 'EdDSA' | 'RS256'

/** parseJWS takes a compact token apart: three segments of canonical base64url, at most maxToken bytes. */
export function parseJWS(token: string): JWS {
  const segments = token.split('.')
  const [head, payload, signature] = segments.map((segment) => decodeBase64url(segment))
  if (token.length > maxToken || segments.length !== 3 || !head || !payload || !signature) {
    throw invalidToken('the token is malformed')
  }
  let header: Document
  let parsed: JWS
  try {
    header = Document.read(head, headerNames)
    parsed = { alg: header.string('alg'), typ: header.string('typ'), kid: header.string('kid'), payload: textOf(payload) }
  } catch (cause) {
    throw invalidToken('the token is malformed')
  }
  if (forbidden.some((name) => header.has(name))) {
    throw invalidToken('the token header has a member that is not accepted')
  }
  return parsed
}

function textOf(payload: Uint8Array): string {
  const text = decodeText(payload)
  if (text === undefined) {
    throw new Error('the claims are not plain UTF-8')
  }
  return text
}

/** verifyJWS checks the signature with a key and the one algorithm that belongs to it. The token must name the same. */
export async function verifyJWS(token: string, jws: JWS, key: SigningKey): Promise<void> {
  const bad = invalidToken('the token signature is not valid')
  if (jws.alg !== key.alg) {
    throw bad
  }
  try {
    await compactVerify(token, key.crypto, { algorithms: [key.alg] })
  } catch {
    throw bad
  }
}

/** isAccessToken folds a typ header: application/ may be left out and case does not count (RFC 9068 §2.1, RFC 7515 §4.1.9). */
export function isAccessToken(typ: string): boolean {
  return /^(application\/)?at\+jwt$/i.test(typ)
}

/** PublishedKey is the members of a JWK that a verifier reads. */
export interface PublishedKey {
  kty: string
  kid: string
  use: string
  alg: string
  crv: string
  x: string
  y: string
  n: string
  e: string
}

/** keyMembers are their names. */
export const keyMembers = ['kty', 'kid', 'use', 'alg', 'crv', 'x', 'y', 'n', 'e'] as const

/** SigningKey is a key with the one algorithm it may be used with. */
export interface SigningKey {
  jwk: PublishedKey
  crypto: CryptoKey
  alg: Algorithm
}

/** importKey makes a key usable; undefined when it is none for signatures that this library verifies. */
export async function importKey(jwk: PublishedKey): Promise<SigningKey | undefined> {
  const alg = algorithmOf(jwk)
  if (alg === undefined || !['', 'sig'].includes(jwk.use) || !['', alg].includes(jwk.alg)) {
    return undefined
  }
  const { kty, crv, x, y, n, e } = jwk
  const material: JWK = kty === 'EC' ? { kty, crv, x, y } : kty === 'OKP' ? { kty, crv, x } : { kty, n, e }
  try {
    return { jwk, alg, crypto: (await importJWK(material, alg)) as CryptoKey }
  } catch {
    return undefined // a point that is not on the curve, for one
  }
}

function algorithmOf(jwk: PublishedKey): Algorithm | undefined {
  const length = (member: string) => decodeBase64url(member)?.length
  switch (true) {
    case jwk.kty === 'EC' && jwk.crv === 'P-256':
      return length(jwk.x) === 32 && length(jwk.y) === 32 ? 'ES256' : undefined
    case jwk.kty === 'OKP' && jwk.crv === 'Ed25519':
      return length(jwk.x) === 32 ? 'EdDSA' : undefined
    case jwk.kty === 'RSA':
      return isRSA(decodeBase64url(jwk.n), decodeBase64url(jwk.e)) ? 'RS256' : undefined
  }
  return undefined
}

/** isRSA wants 2048 to 8192 bits, an odd exponent from 3 to 2^31-1, and no leading zero (RFC 7518 §2, §3.3). */
function isRSA(n: Uint8Array | undefined, e: Uint8Array | undefined): boolean {
  if (!n || !e || n[0] === 0 || e[0] === 0 || n.length < 256 || n.length > 1024 || e.length > 4) {
    return false
  }
  const exponent = e.reduce((value, byte) => value * 256 + byte, 0)
  return exponent >= 3 && exponent <= 2 ** 31 - 1 && exponent % 2 === 1
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** decodeBase64url reads canonical base64url: no padding, no stray bits, not empty (RFC 7515 §2). A token has one spelling. */
function decodeBase64url(text: string): Uint8Array | undefined {
  const rest = text.length % 4
  if (rest === 1 || !/^[A-Za-z0-9_-]+$/.test(text)) {
    return undefined
  }
  const stray = rest === 2 ? 0b1111 : rest === 3 ? 0b11 : 0
  if ((alphabet.indexOf(text.charAt(text.length - 1)) & stray) !== 0) {
    return undefined
  }
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (char) => char.charCodeAt(0))
}
