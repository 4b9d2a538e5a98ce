// verify.ts decides whether an access token is good for this resource (RFC 9068 §4, RFC 8725 §3, RFC 7662 §4).

import { TokenCache, type Verified } from './cache.js'
import type { Clock } from './config.js'
import { invalidToken, unavailable } from './errors.js'
import { notActive, sameActor, type Introspector } from './introspect.js'
import { askTimeout, within } from './issuer.js'
import { Document } from './json.js'
import { isAccessToken, maxToken, parseJWS, verifyJWS } from './jws.js'
import type { Keyring } from './keys.js'
import { parseScope, type Hierarchy } from './scopes.js'
import { VerifiedToken, type Token } from './token.js'

// Clocks differ. A token just made may seem to come from the future by this much, and one that expired may be used this
// much longer: streams end at the same instant. In seconds.
const startSkew = 60
/** expirySkew is how long an expired token is still good, in seconds. */
export const expirySkew = 30

const claimNames = {
  '': ['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'client_id', 'scope', 'auth_time', 'org_id', 'org_slug', 'cnf'],
}

/** Trust is whom a verifier believes what. */
export interface Trust {
  resource: string
  issuer: string
  hierarchy: Hierarchy
  keys: Keyring | undefined // undefined when introspection decides alone
  introspector: Introspector | undefined // undefined when the signature decides alone
}

/** Verifier tells who a token speaks for. */
export class Verifier {
  private readonly cache = new TokenCache()

  constructor(
    private readonly trust: Trust,
    private readonly clock: Clock,
  ) {}

  /** verify is the one way in: a token is proven, or was before and still is. */
  async verify(raw: string): Promise<Verified> {
    if (raw.length > maxToken) {
      throw invalidToken('the token is malformed')
    }
    let known = this.cache.get(raw)
    if (known === undefined || !this.stillProven(known)) {
      known = this.cache.put(raw, await this.prove(raw), (token) => this.isOver(token))
    } else if (this.isOver(known.token)) {
      throw invalidToken('the token has expired')
    }
    if (this.trust.introspector !== undefined) {
      await this.stillActive(raw, known, this.trust.introspector)
    }
    return known
  }

  /** left is how long nobody need look at a token, in milliseconds: until it is over, or the issuer's last answer has run out. */
  left(known: Verified): number {
    const until = (known.token.expires + expirySkew) * 1000
    const every = this.trust.introspector?.every
    return (every === undefined ? until : Math.min(until, known.asked + every)) - this.clock()
  }

  private isOver(token: Token): boolean {
    return this.clock() > (token.expires + expirySkew) * 1000
  }

  /** stillProven tells whether the key that proved a token is still one of the issuer's. */
  private stillProven(known: Verified): boolean {
    return this.trust.keys === undefined || (known.key !== undefined && this.trust.keys.holds(known.key))
  }

  /** prove verifies a token that is not known: by its signature, or by the word of the issuer. */
  private async prove(raw: string): Promise<Verified> {
    if (this.trust.keys === undefined) {
      return this.proveByIssuer(raw)
    }
    const jws = parseJWS(raw)
    if (!isAccessToken(jws.typ)) {
      throw invalidToken('the token is not an access token') // RFC 8725 §3.11
    }
    const key = await this.trust.keys.key(jws.kid)
    await verifyJWS(raw, jws, key)
    return { token: this.accept(jws.payload), key, asked: -Infinity, over: false, asking: undefined }
  }

  /** proveByIssuer takes the issuer's word for a token, and wants the same of its claims as of signed ones. */
  private async proveByIssuer(raw: string): Promise<Verified> {
    const asked = this.clock()
    const answer = await this.trust.introspector?.ask(raw)
    if (answer === undefined) {
      throw notActive()
    }
    return { token: this.accept(answer), key: undefined, asked, over: false, asking: undefined }
  }

  /**
   * accept reads claims that are proven to be the issuer's and wants every one of RFC 9068 §4. Nothing is optional because
   * it was not configured.
   */
  private accept(payload: string): Token {
    const { claims, token } = this.readClaims(payload)
    const now = Math.floor(this.clock() / 1000)
    switch (true) {
      case token.issuer !== this.trust.issuer:
        throw invalidToken('the token is from another issuer')
      case !token.audience.includes(this.trust.resource):
        throw invalidToken('the token is for another resource')
      case token.expires === 0:
        throw invalidToken('the token does not say when it expires')
      case this.isOver(token):
        throw invalidToken('the token has expired')
      case token.issuedAt === 0 || token.issuedAt > token.expires:
        throw invalidToken('the token does not say when it was issued')
      case token.issuedAt > now + startSkew || claims.notBefore > now + startSkew:
        throw invalidToken('the token is not valid yet')
      case token.subject === '' || token.clientId === '':
        throw invalidToken('the token does not say who acts')
      case !claims.scopeIsGood:
        throw invalidToken("the token's scope is malformed")
      case claims.bound:
        throw invalidToken('the token is bound to a key, it is no bearer token') // RFC 9449 §7.2
    }
    return token
  }

  private readClaims(payload: string) {
    try {
      const claims = Document.read(payload, claimNames)
      const scopes = parseScope(claims.string('scope'))
      claims.date('auth_time')
      const token = new VerifiedToken({
        subject: claims.string('sub'),
        clientId: claims.string('client_id'),
        scopes: scopes ?? [],
        issuer: claims.string('iss'),
        audience: claims.audience('aud'),
        orgId: claims.string('org_id') || undefined,
        orgSlug: claims.string('org_slug') || undefined,
        id: claims.string('jti') || undefined,
        issuedAt: claims.date('iat'),
        expires: claims.date('exp'),
        granted: this.trust.hierarchy.granted(scopes ?? []),
        payload,
      })
      return { token, claims: { notBefore: claims.date('nbf'), scopeIsGood: scopes !== undefined, bound: claims.has('cnf') } }
    } catch {
      throw invalidToken("the token's claims are malformed")
    }
  }

  /**
   * stillActive asks the issuer again when the last answer about the token is too old. Callers who come while one asks wait
   * for that answer. A question that lasts longer than it can was given up with the request that asked it.
   */
  private async stillActive(raw: string, known: Verified, introspector: Introspector): Promise<void> {
    const holds = () => known.over || this.clock() - known.asked < introspector.every
    if (!holds()) {
      const pending = known.asking
      if (pending !== undefined && this.clock() - pending.since <= 2 * askTimeout) {
        await within(2 * askTimeout, pending.answer)
      } else {
        await this.askAgain(raw, known, introspector)
      }
    }
    if (!holds()) {
      throw unavailable(new Error('the answer about a token did not come in time'))
    }
    if (known.over) {
      throw notActive()
    }
  }

  private async askAgain(raw: string, known: Verified, introspector: Introspector): Promise<void> {
    const now = this.clock()
    const question = { since: now, answer: introspector.ask(raw) }
    known.asking = question
    try {
      const answer = await question.answer
      if (answer === undefined || !sameActor(answer, known.token)) {
        known.over = true
      } else {
        known.asked = now
      }
    } finally {
      known.asking = known.asking === question ? undefined : known.asking
    }
  }
}
