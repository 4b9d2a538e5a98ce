// keys.ts keeps the issuer's keys at hand (RFC 7517 §5) and notices when they change.

import { invalidToken, unavailable } from './errors.js'
import { askTimeout, within, type IssuerDoor } from './issuer.js'
import { importKey, type PublishedKey, type SigningKey } from './jws.js'
import { reasonOf } from './log.js'
import type { Clock, Log } from './config.js'

const keysFresh = 5 * 60_000 // then they are read again, while the old ones serve
const keysLife = 60 * 60_000 // how long they serve when they cannot be read again
const unknownWait = 30_000 // between two readings because of an unknown kid
const failedWait = 2000 // between two readings when there are no keys to serve with

/** KeySet is what the issuer said its keys were, and when. */
interface KeySet {
  byId: ReadonlyMap<string, SigningKey>
  read: number
}

/** Keyring finds keys by kid. Any number of requests cause one reading at a time. */
export class Keyring {
  private set: KeySet | undefined
  private reading: Promise<void> | undefined
  private tried = -Infinity // when the last reading began
  private failure: unknown // how it ended

  constructor(
    private readonly door: IssuerDoor,
    private readonly log: Log,
    private readonly clock: Clock,
  ) {}

  /** key finds the key of exactly this kid (RFC 7515 §4.1.4). */
  async key(kid: string): Promise<SigningKey> {
    if (kid === '') {
      throw invalidToken('the token does not name its key')
    }
    const known = (this.current() ?? (await this.refresh(failedWait))).byId.get(kid)
    const key = known ?? (await this.refresh(unknownWait)).byId.get(kid) // it may be a new one
    if (key === undefined) {
      throw invalidToken('the token is signed with a key that the issuer does not have')
    }
    return key
  }

  /** holds tells whether a key that proved a token is still the issuer's. */
  holds(key: SigningKey): boolean {
    return this.current()?.byId.get(key.jwk.kid) === key
  }

  /** current is the set to serve with, or undefined. It has the set read again when that is due. */
  private current(): KeySet | undefined {
    const age = this.clock() - (this.set?.read ?? -Infinity)
    if (age >= keysLife) {
      return undefined
    }
    if (age >= keysFresh) {
      this.begin(unknownWait)
    }
    return this.set
  }

  /** refresh reads the keys again, unless that was tried less than wait ago, and tells how the last reading ended. */
  private async refresh(wait: number): Promise<KeySet> {
    const reading = this.begin(wait)
    if (reading !== undefined) {
      await within(askTimeout, reading)
    }
    if (this.failure !== undefined || this.set === undefined) {
      throw unavailable(this.failure ?? new Error(`the keys of ${this.door.issuer} did not come in time`))
    }
    return this.set
  }

  /**
   * begin joins the reading that goes on or begins one, if the last began wait ago or more. A reading that lasts longer
   * than it can was given up with the request that began it, as some runtimes do: it is not waited for.
   */
  private begin(wait: number): Promise<void> | undefined {
    const since = this.clock() - this.tried
    if (this.reading !== undefined && since <= askTimeout) {
      return this.reading
    }
    if (since < wait) {
      return undefined
    }
    this.tried = this.clock()
    const reading: Promise<void> = this.read(this.tried).finally(() => {
      if (this.reading === reading) {
        this.reading = undefined
      }
    })
    this.reading = reading
    return reading
  }

  /** read replaces the set. It never throws. */
  private async read(now: number): Promise<void> {
    try {
      const published = await this.door.jwks(AbortSignal.timeout(askTimeout))
      const set = { byId: await usable(published, this.set), read: now }
      if (now >= (this.set?.read ?? -Infinity)) {
        this.set = set
        this.failure = undefined
      }
    } catch (err) {
      this.failure = err
      this.log('the keys of the issuer cannot be read', { issuer: this.door.issuer, reason: reasonOf(err), error: err })
    }
  }
}

/**
 * usable takes the keys that can be used. Two of one kid are ambiguous: neither is taken. A key that was known before
 * stays the same object, so that holds can compare.
 */
async function usable(published: readonly PublishedKey[], before: KeySet | undefined): Promise<Map<string, SigningKey>> {
  const keys = new Map<string, SigningKey>()
  const ambiguous = new Set<string>()
  for (const jwk of published.filter(({ kid }) => kid !== '')) {
    const old = before?.byId.get(jwk.kid)
    const key = old && sameKey(old.jwk, jwk) ? old : await importKey(jwk)
    if (key === undefined) {
      continue
    }
    if (keys.has(jwk.kid)) {
      ambiguous.add(jwk.kid)
    }
    keys.set(jwk.kid, key)
  }
  ambiguous.forEach((kid) => keys.delete(kid))
  if (keys.size === 0) {
    throw new Error('the issuer publishes no key that can be used')
  }
  return keys
}

function sameKey(a: PublishedKey, b: PublishedKey): boolean {
  return (Object.keys(a) as (keyof PublishedKey)[]).every((name) => a[name] === b[name])
}
