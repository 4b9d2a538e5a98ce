// log.ts says on the console what goes wrong behind the scenes, to an operator who has set no log.

import type { Log } from './config.js'

/** warn is one line where the reason says all; what nobody expected comes with the place it came from. */
export const warn: Log = (message, { reason, ...details }) => {
  if (reason === undefined) {
    console.warn(`authwright: ${message}`, details)
  } else {
    console.warn(`authwright: ${message}: ${String(reason)}`)
  }
}

/** reasonOf is the message of an error and of what caused it. */
export function reasonOf(err: unknown): string {
  if (!(err instanceof Error)) {
    return String(err)
  }
  const { message, cause, code } = err as Error & { code?: string }
  return [message || code || err.name, ...(cause === undefined ? [] : [reasonOf(cause)])].join(': ')
}
