// remote.mjs: an MCP client that speaks only stdio, whose server is mcp-remote.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { Child, freePort, freshDir } from './process.mjs';
import { until } from './until.mjs';

const proxy = new URL('../node_modules/mcp-remote/dist/proxy.js', import.meta.url).pathname;

/** Lines is an MCP transport over the standard input and output of a Child. */
class Lines {
  constructor(child) {
    this.child = child;
  }

  async start() {
    let rest = '';
    this.child.process.stdout.on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      lines.filter((line) => line.trim()).forEach((line) => this.onmessage?.(JSON.parse(line)));
    });
    this.child.ended.then(() => this.onclose?.());
  }

  async send(message) {
    this.child.send(JSON.stringify(message));
  }

  async close() {
    await this.child.stop();
  }
}

/** Remote is a stdio MCP client whose server is mcp-remote; its saved state outlives it in dir. */
export class Remote {
  /** start starts it with the flags of a test, or by a command line of somebody else's. */
  static async start(url, person, { dir = freshDir('mcp-remote'), port, flags = [], line, options } = {}) {
    const remote = new Remote();
    port ??= await freePort();
    const [command, ...args] = line ?? [process.execPath, proxy, url, String(port), '--transport', 'http-only', ...flags];
    remote.child = new Child(command, args, options ?? {
      env: { ...process.env, MCP_REMOTE_CONFIG_DIR: dir, HOME: dir, BROWSER: '/bin/true' },
    });
    Object.assign(remote, { dir, port, person, opened: [] });
    remote.client = new Client({ name: 'conformance-stdio', version: '1' });
    remote.stopped = false;
    remote.watching = remote.#watch();
    return remote;
  }

  /** #watch lets the person answer every authorization URL that mcp-remote prints. */
  async #watch() {
    let from = 0;
    while (!this.stopped) {
      const found = /https?:\/\/\S+\/authorize\?\S+/.exec(this.child.output.slice(from));
      if (!found) {
        const length = this.child.output.length;
        await Promise.race([until('more output', () => this.stopped || this.child.output.length !== length, 120), this.child.ended]);
        if (this.child.code !== undefined) return;
        continue;
      }
      from += found.index + found[0].length;
      const url = new URL(found[0]);
      if (this.opened.some((seen) => seen.searchParams.get('state') === url.searchParams.get('state'))) continue;
      this.opened.push(url);
      await this.person.authorize(url).catch((error) => (this.trouble = error));
    }
  }

  async connect() {
    await this.client.connect(new Lines(this.child), { timeout: 60_000 }).catch((error) => {
      throw this.child.complain(`connect: ${error.message}; ${this.trouble?.stack ?? ''}`);
    });
    return this;
  }

  async tools() {
    return (await this.client.listTools()).tools.map((tool) => tool.name).sort();
  }

  async call(name, args = {}) {
    const result = await this.client.callTool({ name, arguments: args }).catch((error) => {
      throw this.child.complain(`${name}: ${error.message}; ${this.trouble?.stack ?? ''}`);
    });
    const text = result.content.map((part) => part.text).join('\n');
    if (result.isError) throw this.child.complain(`${name} answered with an error: ${text}`);
    return text;
  }

  /** saved reads what it keeps on disk: client_info or tokens. */
  saved(kind) {
    const file = readdirSync(this.dir, { recursive: true }).find((name) => name.endsWith(`${kind}.json`));
    return JSON.parse(readFileSync(join(this.dir, file), 'utf8'));
  }

  async close() {
    this.stopped = true;
    await this.client.close();
    await this.child.stop();
    await this.watching;
  }
}
