// cache.ts remembers tokens that were verified, so that the next request costs a look-up.

import type { SigningKey } from './jws.js'
import type { Token } from './token.js'

/** Verified is a token that was proven, and what is known of it since. */
export interface Verified {
  readonly token: Token
  readonly key: SigningKey | undefined // that proved it; undefined when the issuer was asked
  asked: number // when the issuer last said that it is active
  over: boolean // the issuer said that it is not; that is final
  asking: { since: number; answer: Promise<unknown> } | undefined // of the one caller that asks
}

const maxTokens = 8192

/**
 * TokenCache holds at most maxTokens. Only proven ones get in, so nobody can fill it who has none. The key is the token
 * as it came: Web Crypto hashes only by way of another thread, which costs 20 times what the rest of a look-up does.
 */
export class TokenCache {
  private readonly tokens = new Map<string, Verified>()

  get(raw: string): Verified | undefined {
    return this.tokens.get(raw)
  }

  /** put files a token and returns what is filed: the entry that was there if the same key proved it, because it knows more. */
  put(raw: string, fresh: Verified, isOver: (token: Token) => boolean): Verified {
    const old = this.tokens.get(raw)
    if (old !== undefined && (old.key === fresh.key || old.over)) {
      return old
    }
    if (old === undefined && this.tokens.size >= maxTokens) {
      this.makeRoom(isOver)
    }
    this.tokens.set(raw, fresh)
    return fresh
  }

  /** makeRoom looks at the few that were filed first and drops what has expired, or else the first. */
  private makeRoom(isOver: (token: Token) => boolean): void {
    const oldest: string[] = []
    for (const raw of this.tokens.keys()) {
      if (oldest.push(raw) === 8) {
        break
      }
    }
    const over = oldest.filter((raw) => isOver((this.tokens.get(raw) as Verified).token))
    for (const raw of over.length > 0 ? over : oldest.slice(0, 1)) {
      this.tokens.delete(raw)
    }
  }
}
