// check.mjs: what a test says when it fails. Every message is: call, got, want.

import assert from 'node:assert/strict';
import { inspect, isDeepStrictEqual } from 'node:util';

const show = (value) => (typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 6, breakLength: 100 }));

function fail(call, got, want) {
  throw new assert.AssertionError({ message: `${call}\n  got:  ${show(got)}\n  want: ${want}`, stackStartFn: fail });
}

/** same: got equals want, deeply. */
export function same(call, got, want) {
  if (!isDeepStrictEqual(got, want)) fail(call, got, show(want));
}

/** matches: got is a string in which the pattern is found. */
export function matches(call, got, pattern) {
  if (typeof got !== 'string' || !pattern.test(got)) fail(call, got, `a string that matches ${pattern}`);
}

/** has: the list got contains want. */
export function has(call, got, want) {
  if (!Array.isArray(got) || !got.includes(want)) fail(call, got, `a list with ${show(want)}`);
}

/** hasNot: the list got, if it is there at all, does not contain want. */
export function hasNot(call, got, want) {
  if (Array.isArray(got) && got.includes(want)) fail(call, got, `a list without ${show(want)}`);
}

/** holds: anything else; want is said in words. */
export function holds(call, got, ok, want) {
  if (!ok) fail(call, got, want);
}

/** rejects: the promise is rejected with a message that matches the pattern. */
export async function rejects(call, promise, pattern) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    const said = [error?.name, error?.message, error?.error, error?.cause?.message, error?.cause?.[0]?.parameters?.error].filter(Boolean).join(' ');
    if (!pattern.test(said)) fail(call, said, `an error that matches ${pattern}`);
    return error;
  }
  return fail(call, value, `an error that matches ${pattern}`);
}

/** hollow is the paths of all nulls and empty strings in a value. */
export function hollow(value, path = '$') {
  if (value === null || value === '') return [path];
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => hollow(inner, `${path}.${key}`));
}
