// process.mjs: child processes that tests talk to through their output, and that never outlive the test.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until, within } from './until.mjs';

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Child is a process, all that it has printed, and its end. */
export class Child {
  constructor(command, args, options = {}) {
    this.name = [command.split('/').at(-1), ...args].join(' ').slice(0, 120);
    this.output = '';
    this.stdout = '';
    this.process = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
    running.add(this.process);
    this.process.stdout.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
      this.output += text;
    });
    this.process.stderr.setEncoding('utf8').on('data', (text) => (this.output += text));
    this.process.stdin.on('error', () => {}); // a child that ended while being written to is seen by its exit
    this.ended = new Promise((resolve) => {
      this.process.on('error', (error) => {
        this.output += String(error);
        resolve(-1);
      });
      this.process.on('close', (code, signal) => {
        running.delete(this.process);
        this.code = code ?? signal;
        resolve(this.code);
      });
    });
  }

  /** prints waits until the output from `from` on matches, and returns the match. */
  prints(pattern, { from = 0, seconds = 30 } = {}) {
    return until(`${this.name} prints ${pattern}`, () => {
      const found = pattern.exec(this.output.slice(from));
      if (found) return found;
      if (this.code !== undefined) throw this.complain(`ended (${this.code}) before it printed ${pattern}`);
      return null;
    }, seconds).catch((error) => {
      throw error.final ? error : this.complain(error.message);
    });
  }

  complain(text) {
    return Object.assign(new Error(`${this.name}: ${text}\n--- its output ---\n${this.output.slice(-4000)}`), { final: true });
  }

  send(line) {
    this.process.stdin.write(`${line}\n`);
  }

  /** exit waits for the end and returns the exit code. */
  exit(seconds = 60) {
    return within(`${this.name} to end`, seconds, this.ended).catch((error) => {
      this.process.kill('SIGKILL');
      throw this.complain(error.message);
    });
  }

  /** stop asks it to end and waits for that; returns the exit code or signal. */
  async stop(signal = 'SIGTERM') {
    if (this.code === undefined) this.process.kill(signal);
    return this.exit(15);
  }
}

/** freePort finds a loopback port that nobody listens on. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** freshDir makes a directory that is gone when this process ends. */
export function freshDir(name) {
  const dir = mkdtempSync(join(process.env.AUTHWRIGHT_TEST_TMP ?? tmpdir(), `${name}-`));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
