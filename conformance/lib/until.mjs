// until.mjs waits for conditions, never for a length of time.

import { setTimeout as pause } from 'node:timers/promises';

/**
 * until asks again and again until the answer is truthy, and returns it. An error counts as "not yet".
 * When the deadline passes, the error says what was waited for and what was seen last.
 */
export async function until(what, ask, seconds = 20) {
  const deadline = Date.now() + seconds * 1000;
  let last;
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer;
      last = answer;
    } catch (error) {
      if (error?.final) throw error;
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`waited ${seconds} s until ${what}; last seen: ${last?.stack ?? String(last)}`);
    }
    await pause(25);
  }
}

/** within lets a promise take so many seconds and no more. */
export function within(what, seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
