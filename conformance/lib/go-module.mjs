// go-module.mjs: a program in a module of its own, as somebody has who reads a guide.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { matches, same } from './check.mjs';
import { mcp } from './mcp.mjs';
import { Child, freshDir } from './process.mjs';
import { until } from './until.mjs';

const top = resolve(import.meta.dirname, '../..');
const binary = resolve(process.env.AUTHWRIGHT_BIN ?? join(top, 'bin/authwright'));

/** GoModule is a folder with a go.mod that knows this checkout and the modules it needs, and `authwright` in the PATH. */
export class GoModule {
  #files = new Map(); // as the page has them

  /** places are where the test has other addresses than the page: [[from, to]…]. */
  constructor(name, places = []) {
    this.dir = freshDir(name);
    this.places = places;
    mkdirSync(join(this.dir, 'bin'));
    symlinkSync(binary, join(this.dir, 'bin/authwright'));
    const others = Object.entries(process.env).filter(([key]) => !key.startsWith('AUTHWRIGHT_')); // the binary takes them for settings
    this.env = {
      ...Object.fromEntries(others), PATH: `${join(this.dir, 'bin')}:${process.env.PATH}`,
      GOFLAGS: '-buildvcs=false -ldflags=-w', GOPROXY: 'off', GOSUMDB: 'off', GOTOOLCHAIN: 'local', GOWORK: 'off',
    };
    this.#require();
  }

  /**
   * require writes go.mod with the versions that the checkout is built with, which are on this machine. What the go command
   * reads besides, to choose versions for a module that is not the checkout, it may fetch now; later it asks nobody.
   */
  #require() {
    const file = join(this.dir, 'go.mod');
    const wanted = readFileSync(join(top, 'go.mod'), 'utf8').match(/^go .*|^require \(\n.*?^\)/gms);
    const text = ['module example.com/todo', ...wanted, `replace github.com/authwright/authwright => ${top}\n`].join('\n\n');
    writeFileSync(file, `${text}require github.com/authwright/authwright v0.0.0-00010101000000-000000000000\n`);
    const env = { ...this.env, GOPROXY: process.env.GOPROXY ?? '' };
    execFileSync('go', ['list', '-mod=mod', '-m', 'all'], { cwd: this.dir, env, stdio: ['ignore', 'ignore', 'inherit'] });
    writeFileSync(file, text);
    rmSync(join(this.dir, 'go.sum'), { force: true });
  }

  /** edit puts texts in the places of what is found, as a reader does, and wants the file as gofmt leaves it; returns how many lines were put in. */
  edit(name, ...edits) {
    let text = this.#files.get(name) ?? '';
    for (const [where, what] of edits) {
      matches(name, text, where);
      text = text.replace(where, () => what);
    }
    same(`gofmt -d ${name}`, spawnSync('gofmt', ['-d'], { input: text, encoding: 'utf8' }).stdout, '');
    this.#files.set(name, text);
    writeFileSync(join(this.dir, name), this.places.reduce((was, [from, to]) => was.replaceAll(from, to), text));
    return edits.flatMap(([, what]) => what.split('\n')).filter(Boolean).length;
  }

  /** settle files in go.sum what the program needs by now, as that of somebody who ran it before has it. */
  async settle() {
    await this.sh('go list -mod=mod -deps . >/dev/null');
  }

  /** run runs commands of a page and returns the process when it has ended. */
  async run(script, env = {}) {
    const child = new Child('sh', ['-ec', script], { cwd: this.dir, env: { ...this.env, ...env } });
    await child.exit(120);
    return child;
  }

  /** sh does the same and wants them to succeed; it returns what they printed. */
  async sh(script, env) {
    const child = await this.run(script, env);
    if (child.code !== 0) throw child.complain(`ended with ${child.code}`);
    return child.stdout;
  }

  /** serve runs the commands, of which the last one starts the program in the place of the one that runs, and waits for an answer. */
  async serve(script, url, status) {
    await this.stop();
    const lines = script.trimEnd().split('\n');
    const start = lines.pop();
    if (lines.length > 0) await this.sh(lines.join('\n'));
    const child = this.program = new Child('sh', ['-c', `exec ${start}`], { cwd: this.dir, env: this.env });
    await until(`${url} answers ${status}`, async () => {
      if (child.code !== undefined) throw child.complain('ended');
      return (await mcp(url)).status === status;
    }, 40);
  }

  /** stop ends the program that serve started. */
  async stop() {
    await this.program?.stop();
  }
}
