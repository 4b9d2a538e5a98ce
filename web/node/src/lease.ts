// lease.ts ends an answer when its token does (MCP 2026-07-28, Authorization: every request is authorized).

import type { Verified } from './cache.js'
import { invalidToken } from './errors.js'
import type { Verifier } from './verify.js'

const longestTimer = 2 ** 31 - 1 // what setTimeout can wait, in milliseconds

/**
 * Lease is how long an answer may go on: until the token has expired, or until the issuer, where it is asked, says that the
 * token was revoked or cannot say that it was not. It costs a timer.
 */
export class Lease {
  private readonly controller = new AbortController()
  private timer: ReturnType<typeof setTimeout> | undefined
  private ended = false

  constructor(
    private readonly verifier: Verifier,
    private readonly raw: string,
    known: Verified,
  ) {
    this.wait(known)
  }

  /** signal is aborted when the token is over. */
  get signal(): AbortSignal {
    return this.controller.signal
  }

  /** end is called when the answer is complete. */
  end(): void {
    this.ended = true
    clearTimeout(this.timer)
  }

  private wait(known: Verified): void {
    const left = Math.min(Math.max(this.verifier.left(known), 0) + 1, longestTimer)
    this.timer = setTimeout(() => void this.look(), left)
    ;(this.timer as { unref?: () => void }).unref?.() // an answer that nobody reads keeps no process alive
  }

  /** look ends the answer when the token is over, and else has the issuer asked again. */
  private async look(): Promise<void> {
    try {
      const fresh = await this.verifier.verify(this.raw)
      if (!this.ended) {
        this.wait(fresh)
      }
    } catch {
      if (!this.ended) {
        this.controller.abort(invalidToken('the access token is no longer valid'))
      }
    }
  }
}
