// introspect.ts asks the issuer whether a token is active (RFC 7662).

import { invalidToken, unavailable, type OAuthError } from './errors.js'
import { askTimeout, within, type IssuerDoor } from './issuer.js'
import type { Clock, Introspection } from './config.js'
import { Document } from './json.js'
import type { Token } from './token.js'

/** defaultEvery is how long an answer holds for one token, in seconds; maxEvery the longest. */
export const defaultEvery = 10
export const maxEvery = 30

const maxQuestions = 64 // that are out at one time
const endpointFresh = 60_000 // how long the metadata's endpoint holds, in milliseconds

const actorNames = { '': ['active', 'scope', 'client_id', 'username', 'token_type', 'exp', 'iat', 'nbf', 'sub', 'aud', 'iss', 'jti', 'org_id', 'org_slug'] }

/** Introspector asks. It lets a bounded number of questions out at one time. */
export class Introspector {
  /** every is how long an answer holds, in milliseconds. */
  readonly every: number
  private readonly basic: string
  private address: string
  private addressRead: number
  private out = 0
  private readonly waiting = new Set<() => void>()

  constructor(
    config: Introspection,
    private readonly door: IssuerDoor,
    private readonly clock: Clock,
  ) {
    this.every = (config.every ?? defaultEvery) * 1000
    this.basic = 'Basic ' + btoa(`${formEncode(config.clientId)}:${formEncode(config.clientSecret)}`) // RFC 6749 §2.3.1
    this.address = config.endpoint ?? ''
    this.addressRead = config.endpoint === undefined ? -Infinity : Infinity
  }

  /** ask returns the issuer's answer about a token, as text; undefined when the token is not active. */
  async ask(token: string): Promise<string | undefined> {
    await this.turn()
    this.out++
    try {
      const signal = AbortSignal.timeout(askTimeout)
      const body = new URLSearchParams({ token, token_type_hint: 'access_token' }).toString()
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: this.basic }
      const answer = await this.door.ask(await this.endpoint(signal), { method: 'POST', headers, body }, { '': ['active'] }, signal)
      return answer.boolean('active') ? answer.text : undefined
    } catch (err) {
      throw unavailable(err)
    } finally {
      this.out--
      this.waiting.forEach((wake) => wake())
      this.waiting.clear()
    }
  }

  /** turn waits until fewer than maxQuestions are out. */
  private async turn(): Promise<void> {
    const began = this.clock()
    while (this.out >= maxQuestions) {
      if (this.clock() - began >= askTimeout) {
        throw unavailable(new Error(`${maxQuestions} introspections are under way`))
      }
      await within(askTimeout, new Promise<void>((wake) => this.waiting.add(wake)))
    }
  }

  /** endpoint is where to ask: as configured, or as the metadata said less than endpointFresh ago. */
  private async endpoint(signal: AbortSignal): Promise<string> {
    const now = this.clock()
    if (now - this.addressRead >= endpointFresh) {
      this.address = await this.door.endpoint('introspection_endpoint', signal)
      this.addressRead = now
    }
    return this.address
  }
}

/** sameActor wants an answer that names someone to name the one the token names. */
export function sameActor(answer: string, token: Token): boolean {
  try {
    const said = Document.read(answer, actorNames)
    const subject = said.string('sub')
    const clientId = said.string('client_id')
    return (subject === '' || subject === token.subject) && (clientId === '' || clientId === token.clientId)
  } catch {
    return false
  }
}

/** notActive is the refusal of a token that the issuer does not stand by. */
export function notActive(): OAuthError {
  return invalidToken('the token is not active any more')
}

function formEncode(text: string): string {
  return new URLSearchParams({ _: text }).toString().slice(2)
}
