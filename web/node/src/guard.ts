// guard.ts decides about one request, of whatever kind (MCP 2026-07-28, Authorization; RFC 6750 §2.1).

import type { Verified } from './cache.js'
import { readCall, type Call, type Incoming } from './call.js'
import { refusal, type Answer } from './challenge.js'
import type { Clock, Log, ResourceConfig } from './config.js'
import { LacksScope, NoToken, OAuthError } from './errors.js'
import { bearerToken } from './incoming.js'
import { Introspector } from './introspect.js'
import { askTimeout, IssuerDoor } from './issuer.js'
import { Keyring } from './keys.js'
import { reasonOf, warn } from './log.js'
import { corsHeaders, originAllowed, preflightHeaders, Strangers } from './origin.js'
import { Hierarchy, Rules, union } from './scopes.js'
import { Sessions } from './session.js'
import { nearest } from './tools.js'
import type { Token } from './token.js'
import { parseURL } from './urls.js'
import { Verifier } from './verify.js'

/** Admission is a request that may pass. */
export interface Admission {
  raw: string // the token as it came
  known: Verified
  call: Call
  session: string | undefined // the server's own session id
  headers: Record<string, string> // that the answer must have
}

/** Guard is what every kind of protected handler has in common. */
export class Guard {
  readonly verifier: Verifier
  readonly sessions: Sessions
  readonly log: Log
  readonly scopes: readonly string[]
  readonly metadataPath: string
  readonly metadataUrl: string
  private readonly origins: readonly string[]
  private readonly strangers: Strangers
  private readonly maxBody: number
  private readonly tools: Rules
  private readonly prompts: Rules
  private readonly resources: Rules
  private readonly door: IssuerDoor
  private noticed: boolean // whether the issuer's metadata was looked at, or is not needed

  /** The configuration must have been checked. */
  constructor(config: ResourceConfig, clock: Clock) {
    const { scheme = '', authority = '', path = '' } = parseURL(config.resource) ?? {}
    this.scopes = [...(config.scopes ?? [])]
    this.metadataPath = '/.well-known/oauth-protected-resource' + path
    this.metadataUrl = `${scheme}://${authority}${this.metadataPath}`
    this.origins = [`${scheme}://${authority}`, ...(config.allowedOrigins ?? [])]
    this.strangers = new Strangers(clock)
    this.maxBody = config.maxBody ?? 4 << 20 // what the official SDKs accept too
    this.tools = new Rules(config.tools)
    this.prompts = new Rules(config.prompts)
    this.resources = new Rules(config.resources)
    this.sessions = new Sessions(config.sessionKey)
    this.log = config.log ?? warn
    const send = config.fetch ?? ((url: string, init: RequestInit) => fetch(url, init))
    const door = new IssuerDoor(config.issuer, config.jwksUri ?? '', send)
    const asks = config.introspection !== undefined && config.introspection.endpoint === undefined
    this.door = door
    this.noticed = !asks && (config.jwksUri !== undefined || config.introspection?.alone === true)
    const trust = {
      resource: config.resource,
      issuer: config.issuer,
      hierarchy: new Hierarchy(config.implies),
      keys: config.introspection?.alone ? undefined : new Keyring(door, this.log, clock),
      introspector: config.introspection && new Introspector(config.introspection, door, clock),
    }
    this.verifier = new Verifier(trust, clock)
  }

  /** admit lets an MCP request through or answers it. */
  async admit(request: Incoming): Promise<Admission | Answer> {
    return this.decide(request, async (token) => {
      const call = await readCall(request, this.maxBody)
      this.checkScope(token, this.needed(call))
      return { call, session: await this.sessions.open(request, token) }
    })
  }

  /** admitAny is admit for a handler that does not speak MCP: the body is not looked at. */
  async admitAny(request: Incoming, scopes: readonly string[]): Promise<Admission | Answer> {
    return this.decide(request, async (token) => {
      this.checkScope(token, scopes)
      return { call: { method: '', name: '' }, session: undefined }
    })
  }

  private async decide(
    request: Incoming,
    more: (token: Token) => Promise<Pick<Admission, 'call' | 'session'>>,
  ): Promise<Admission | Answer> {
    const origins = request.headers('origin')
    if (!originAllowed(this.origins, origins)) {
      this.noteStranger(origins.join(', '))
      const plain = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' }
      return { status: 403, headers: plain, body: 'requests from this origin are not accepted\n' }
    }
    const headers = { Vary: 'Origin', ...corsHeaders(origins[0]) }
    if (request.method === 'OPTIONS' && origins[0] && request.headers('access-control-request-method').length > 0) {
      return { status: 204, headers: { ...headers, ...preflightHeaders() }, body: '' }
    }
    try {
      const raw = bearerToken(request)
      const known = await this.verifier.verify(raw)
      return { raw, known, headers, ...(await more(known.token)) }
    } catch (err) {
      return this.refuse(err, headers)
    }
  }

  /** noteStranger tells the operator of a page that was refused: who made the page sees little of why. */
  private noteStranger(sent: string): void {
    const origin = sent.slice(0, 200).replace(/[^ -~]/g, '?')
    if (this.strangers.isNews(origin)) {
      const reason = `${JSON.stringify(origin)}: if its pages may call this server, name it in allowedOrigins`
      this.log('a request from another origin was refused', { origin, reason })
    }
  }

  /** refuse answers for an error, and tells the operator what is none of the client's business. */
  refuse(err: unknown, headers: Record<string, string>): Answer {
    if (err instanceof NoToken) {
      this.notice()
    }
    const answer = refusal(this, err) ?? refusal(this, new OAuthError('server_error', 'something went wrong'))
    if (answer?.status === 503) {
      this.log('a token cannot be checked', { reason: reasonOf(err instanceof Error ? err.cause : err), error: err })
    } else if (answer === undefined || answer.status >= 500) {
      this.log('a request failed', { error: err })
    }
    const { status = 500, headers: own = {}, body = '' } = answer ?? {}
    return { status, headers: { ...headers, ...own }, body }
  }

  /**
   * notice reads the issuer's metadata once and has the operator told if it cannot be used. It is for the first who comes
   * without a token: a wrong issuer is better known now than after a person has logged in. It holds nobody up.
   */
  private notice(): void {
    if (this.noticed) {
      return
    }
    this.noticed = true
    const { issuer } = this.door
    this.door.metadata(AbortSignal.timeout(askTimeout)).catch((err: unknown) => {
      this.log('the metadata of the issuer cannot be used', { issuer, reason: reasonOf(err), error: err })
    })
  }

  /** checkTools has rules said that name none of the server's tools. */
  checkTools(names: ReadonlySet<string>): void {
    for (const rule of names.size > 0 ? this.tools.namingNone(names) : []) {
      const near = nearest(rule, names).join(', ')
      this.log(`tools[${JSON.stringify(rule)}] protects nothing`, { reason: `the server has no tool of that name; the nearest are ${near}` })
    }
  }

  /** needed is what a call needs beyond the scopes that every request needs. A name that nobody listed needs no more. */
  private needed(call: Call): readonly string[] {
    switch (call.method) {
      case 'tools/call':
        return this.tools.of(call.name)
      case 'prompts/get':
        return this.prompts.of(call.name)
      case 'resources/read':
      case 'resources/subscribe':
      case 'resources/unsubscribe':
        return this.resources.of(call.name)
    }
    return []
  }

  /**
   * checkScope wants the scopes that every request needs, and those of the operation. The refusal names all of them at
   * once, so that the person is asked once.
   */
  private checkScope(token: Token, more: readonly string[]): void {
    const needed = union(this.scopes, more)
    if (!needed.every((scope) => token.has(scope))) {
      throw new LacksScope(needed, token.scopes)
    }
  }
}
