// token.ts: a verified access token, as a tool sees it (RFC 9068 §2.2).

/** Who calls and what they may do. It was verified, and it cannot be changed. */
export interface Token {
  /** The person, or the client itself when it acts for nobody (`sub`). */
  readonly subject: string
  /** The program that acts (`client_id`). */
  readonly clientId: string
  /** As granted; {@link Token.has} also knows what they imply. */
  readonly scopes: readonly string[]
  /** Who says so (`iss`). */
  readonly issuer: string
  /** The protected server, and perhaps others (`aud`). */
  readonly audience: readonly string[]
  /** The organization the person acts for; undefined if none. */
  readonly orgId: string | undefined
  /** What it is called in addresses, to show and never to decide by: it can change, orgId cannot. */
  readonly orgSlug: string | undefined
  /** The `jti` claim; undefined if the token has none. */
  readonly id: string | undefined
  /** When the token was issued, in seconds since the epoch. */
  readonly issuedAt: number
  /** When it expires, in seconds since the epoch. It is accepted for 30 s more: clocks differ. */
  readonly expires: number
  /** Tells whether the token carries the scope, itself or through one that implies it. */
  has(scope: string): boolean
  /** The claim as JSON.parse reads it, each time a new value; undefined if the token has none of this name. */
  claim(name: string): unknown
}

/** Facts are what a token is made of. */
export interface Facts extends Omit<Token, 'has' | 'claim'> {
  readonly granted: ReadonlySet<string>
  readonly payload: string
}

/** VerifiedToken is the one implementation of Token. */
export class VerifiedToken implements Token {
  readonly subject: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly issuer: string
  readonly audience: readonly string[]
  readonly orgId: string | undefined
  readonly orgSlug: string | undefined
  readonly id: string | undefined
  readonly issuedAt: number
  readonly expires: number
  readonly #granted: ReadonlySet<string>
  readonly #payload: string

  constructor(facts: Facts) {
    this.subject = facts.subject
    this.clientId = facts.clientId
    this.scopes = Object.freeze([...facts.scopes])
    this.issuer = facts.issuer
    this.audience = Object.freeze([...facts.audience])
    this.orgId = facts.orgId
    this.orgSlug = facts.orgSlug
    this.id = facts.id
    this.issuedAt = facts.issuedAt
    this.expires = facts.expires
    this.#granted = facts.granted
    this.#payload = facts.payload
    Object.freeze(this)
  }

  has(scope: string): boolean {
    return this.#granted.has(scope)
  }

  claim(name: string): unknown {
    const claims = JSON.parse(this.#payload) as Record<string, unknown>
    return Object.hasOwn(claims, name) ? claims[name] : undefined
  }
}

const carried = new WeakMap<object, Token>()

/** carry remembers which token a request or an AuthInfo came with. */
export function carry(carrier: object, token: Token): void {
  carried.set(carrier, token)
}

/**
 * The token that came with a request, so that a tool knows who calls. What it takes: the Request of a protected handler,
 * the `req` of Express or the context of Hono, the AuthInfo of an official SDK, and what the SDKs give to a tool behind its
 * arguments (`extra` in v1, `ctx` in v2).
 *
 * @throws Error when nothing that was verified came along: then the server is not behind a check.
 */
export function tokenOf(carrier: unknown): Token {
  const token = find(carrier)
  if (token === undefined) {
    throw new Error('authwright: no verified token came along; is the server behind protect, and is its handler given authInfo?')
  }
  return token
}

function find(carrier: unknown): Token | undefined {
  if (typeof carrier !== 'object' || carrier === null) {
    return undefined
  }
  const known = carried.get(carrier)
  if (known !== undefined) {
    return known
  }
  const { authInfo, http, auth, extra } = carrier as Record<string, unknown>
  const inner = authInfo ?? (http as Record<string, unknown> | undefined)?.['authInfo'] ?? auth
  if (inner !== undefined) {
    return typeof inner === 'object' && inner !== carrier ? find(inner) : undefined
  }
  const kept = (extra as Record<string, unknown> | undefined)?.['authwright']
  return kept instanceof VerifiedToken ? kept : undefined
}
