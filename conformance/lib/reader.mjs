// reader.mjs: somebody who follows a guide of the Node stacks in an empty folder, with npm, as the page says.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { matches, same } from './check.mjs';
import { Guide } from './guide.mjs';
import { mcp } from './mcp.mjs';
import { Child, freePort, freshDir } from './process.mjs';
import { until } from './until.mjs';

const top = resolve(import.meta.dirname, '../..');
const binary = resolve(process.env.AUTHWRIGHT_BIN ?? join(top, 'bin/authwright'));

let packed;

/** tarball is the package @authwright/node, as npm makes it of this tree. */
function tarball() {
  if (packed === undefined) {
    const dir = freshDir('packed');
    packed = join(dir, execFileSync('npm', ['pack', '--silent', '--pack-destination', dir], { cwd: join(top, 'web/node'), encoding: 'utf8' }).trim());
  }
  return packed;
}

/** Reader has a page, a folder, and the server that the page makes of it. */
export class Reader {
  #files = new Map();

  /** stack names the page and the example whose versions are installed; places are [[as the page has it, as the test does]…]. */
  constructor(stack, url, places) {
    Object.assign(this, { stack, url, places, guide: new Guide(`${stack}.md`), dir: freshDir(`guide-${stack}`) });
    mkdirSync(join(this.dir, 'bin'));
    symlinkSync(binary, join(this.dir, 'bin/authwright'));
    this.env = {
      HOME: process.env.HOME, PATH: `${join(this.dir, 'bin')}:${process.env.PATH}`,
      NEXT_TELEMETRY_DISABLED: '1', WRANGLER_SEND_METRICS: 'false',
      npm_config_prefer_offline: 'true', npm_config_ignore_scripts: 'true', npm_config_audit: 'false', npm_config_fund: 'false',
    };
  }

  block(name) {
    return this.guide.block(name, this.places);
  }

  /** sh starts the command of a block. */
  sh(name, { command = this.block(name), ...env } = {}) {
    return new Child('sh', ['-c', command], { cwd: this.dir, env: { ...this.env, ...env } });
  }

  /** does runs the command of a block, which has to go well, and returns what it prints. */
  async does(name, options) {
    const child = this.sh(name, options);
    if (await child.exit(180) !== 0) throw child.complain('did not go well');
    return child.stdout;
  }

  /** write makes a file. */
  write(path, text) {
    mkdirSync(dirname(join(this.dir, path)), { recursive: true });
    writeFileSync(join(this.dir, path), text);
    this.#files.set(path, text);
  }

  /** change puts other text in place of what a pattern finds, once, in a file. */
  change(path, pattern, put) {
    const text = this.#files.get(path);
    same(`${path}: how often it has ${pattern}`, text.match(new RegExp(pattern, `${pattern.flags}g`))?.length, 1);
    this.write(path, text.replace(pattern, put));
  }

  /** lines is all that the files hold, blank lines left out. */
  lines() {
    return [...this.#files.values()].flatMap((text) => text.split('\n')).filter((line) => line.trim() !== '');
  }

  /** added is how many lines the files have now that they did not have before. */
  added(before) {
    const left = [...before];
    return this.lines().filter((line) => {
      const at = left.indexOf(line);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    }).length;
  }

  /**
   * installPackages installs what the page names, in the versions of the example: what these need in turn says its lock file,
   * so that a package of today does not decide about this tree.
   */
  async installPackages() {
    const read = (name) => JSON.parse(readFileSync(join(top, 'examples', this.stack, name), 'utf8'));
    const { dependencies, devDependencies } = read('package.json');
    const { packages, ...lock } = read('package-lock.json');
    const others = Object.entries(packages).filter(([path]) => path !== '' && !path.includes('@authwright/'));
    writeFileSync(join(this.dir, 'package-lock.json'), JSON.stringify({ ...lock, packages: Object.fromEntries([['', {}], ...others]) }));
    const versions = { ...devDependencies, ...dependencies };
    await this.does('packages', {
      command: this.block('packages').replace(/(?<= )(?!-|install )[@\w/-]+/g, (name) => `${name}@${versions[name] ?? 'not-in-the-example'}`),
    });
  }

  /** installOurs installs @authwright/node of this tree, as npm packs it. */
  async installOurs() {
    same('what is installed', this.block('install'), 'npm install @authwright/node\n');
    await this.does('install', { command: this.block('install').replace('@authwright/node', tarball()) });
  }

  /** serve starts the server anew and waits until it answers with a status. */
  async serve(status) {
    await this.stop();
    this.server = this.sh('serve', { command: `exec ${this.block('serve')}` });
    await until(`${this.url} answers ${status}`, async () => {
      if (this.server.code !== undefined) throw this.server.complain('ended');
      return (await mcp(this.url)).status === status;
    }, 60).catch((error) => {
      throw error.final ? error : this.server.complain(error.message);
    });
  }

  async stop() {
    await this.server?.stop();
  }

  /** startsAuthorizationServer does what the page says of one: it starts, and takes a resource and a client that asks about its tokens. */
  async startsAuthorizationServer(t) {
    const port = await freePort();
    const command = this.guide.block('demo', [['127.0.0.1:8080', `127.0.0.1:${port}`]]);
    const other = this.sh('demo', { command: `exec ${command}` });
    t.after(() => other.stop());
    await until('the demo of the guide is ready', async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200);
    const data = join(this.dir, 'demo-data');
    const operator = {
      AUTHWRIGHT_ISSUER: `http://127.0.0.1:${port}`, AUTHWRIGHT_DATABASE: `sqlite:${join(data, 'authwright.db')}`, AUTHWRIGHT_KEY_FILE: join(data, 'kek'),
    };
    matches('authwright resource add', await this.does('resource', operator), /https:\/\/todo\.example\.com\/mcp is there/);
    matches('authwright client create', await this.does('client', operator), /todo-server/);
  }
}
