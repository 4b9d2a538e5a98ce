// authenticator.mjs is an authenticator app (RFC 6238): it is told a secret in Base32 and shows codes, each once.

import { createHmac } from 'node:crypto';
import { until } from './until.mjs';

const period = 30_000;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** codeAt is the code of a time step (RFC 4226 §5.3). */
export function codeAt(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const sum = createHmac('sha1', secret).update(counter).digest();
  const part = sum.readUInt32BE(sum.at(-1) & 0xf) & 0x7fffffff;
  return String(part % 1_000_000).padStart(6, '0');
}

/** bytesOf reads Base32 as a person is shown it (RFC 4648 §6). */
export function bytesOf(text) {
  const bits = [...text.replaceAll(/\s/g, '')].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

/** Authenticator shows the code of the step before, of now or of the one after, so that three logins need not wait. */
export class Authenticator {
  constructor(text) {
    this.secret = bytesOf(text);
    this.last = 0;
  }

  /** code is one that was not shown yet. Where the step is about to end, or the next is too far off, it waits for it. */
  async code() {
    await until('there is a code to show', () => Date.now() % period < 27_000 && this.last <= Math.floor(Date.now() / period), 70);
    this.last = Math.max(this.last, Math.floor(Date.now() / period) - 2) + 1;
    return codeAt(this.secret, this.last);
  }

  /** again is the code that was shown last. */
  again() {
    return codeAt(this.secret, this.last);
  }

  /** wrong is a code of no step around now. */
  wrong() {
    const now = Math.floor(Date.now() / period);
    const right = [-2, -1, 0, 1, 2].map((by) => codeAt(this.secret, now + by));
    return ['000000', '000001', '000002', '000003', '000004', '000005'].find((code) => !right.includes(code));
  }
}
