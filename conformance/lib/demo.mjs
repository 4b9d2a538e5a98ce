// demo.mjs starts the binary under test: `authwright demo`.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { same } from './check.mjs';
import { Child, freePort, freshDir } from './process.mjs';
import { until } from './until.mjs';

export const ada = { email: 'ada@example.com', password: 'correct-horse-battery', subject: 'per_ada' };
export const bob = { email: 'bob@example.com', password: 'correct-horse-battery', subject: 'per_bob' };
export const confidential = { id: 'demo-confidential', secret: 'demo-confidential-secret-for-local-use-only' };

const binary = resolve(process.env.AUTHWRIGHT_BIN ?? resolve(import.meta.dirname, '../../bin/authwright'));

/** recheck is the time in seconds within which the demo's servers notice that a token was revoked (docs/flow.md). */
export const recheck = 10;

/** Demo is one running authorization server with its protected MCP servers. */
class Demo {
  constructor(port, data, child) {
    Object.assign(this, { port, data, child });
    this.origin = `http://127.0.0.1:${port}`;
    this.issuer = this.origin;
    this.todo = `${this.origin}/todo/mcp`;
    this.okr = `${this.origin}/okr/mcp`;
    this.north = { issuer: `${this.origin}/p/north`, todo: `${this.origin}/p/north/todo/mcp` };
  }

  /** settings lead the operator's commands to the demo's database. */
  get settings() {
    return {
      AUTHWRIGHT_ISSUER: this.issuer, AUTHWRIGHT_DATABASE: `sqlite:${join(this.data, 'authwright.db')}`, AUTHWRIGHT_KEY_FILE: join(this.data, 'kek'),
    };
  }

  /** operate runs a command of the operator's on the demo's database, and returns what it prints. */
  operate(...args) {
    return this.operateWith('', ...args);
  }

  /** operateWith does the same with a line of standard input, such as a password. */
  async operateWith(line, ...args) {
    const child = new Child(binary, args, { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...this.settings } });
    child.send(line);
    if (await child.exit() !== 0) throw child.complain('did not go well');
    return child.stdout;
  }

  /** stop ends it as a service manager would, and sees that it went well and kept its secrets. Faults of others may be expected. */
  async stop(expected = /$^/) {
    const code = await this.child.stop();
    same('authwright demo after SIGTERM: exit code', code, 0);
    const secret = /aw_(code|rt)_[\w-]{20,}|eyJ[\w-]{20,}\.[\w-]+/.exec(this.child.output);
    same('authwright demo: a secret in its log', secret, null);
    const defects = this.child.output.split('\n').filter((line) => /level=ERROR|panic:|DATA RACE/.test(line) && !expected.test(line));
    same('authwright demo: a defect in its log', defects[0], undefined);
  }
}

/**
 * startDemo starts the demo on a free port and a fresh database and waits until it is ready.
 * `port` and `args` are for a second demo in the place of a first one, and for its flags.
 */
export async function startDemo({ port, args = [], env = {} } = {}) {
  if (!existsSync(binary)) {
    throw new Error(`${binary} does not exist; build it: go build -o bin/authwright ./cmd/authwright`);
  }
  port ??= await freePort();
  const data = freshDir('authwright-demo');
  const child = new Child(binary, ['demo', '--listen', `127.0.0.1:${port}`, '--data', data, ...args], {
    env: { ...process.env, ...env },
  });
  const demo = new Demo(port, data, child);
  await until(`${demo.origin}/readyz answers 200`, async () => {
    if (child.code !== undefined) throw child.complain(`ended with ${child.code} before it was ready`);
    return (await fetch(`${demo.origin}/readyz`)).status === 200;
  });
  return demo;
}
