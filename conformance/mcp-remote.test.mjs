// mcp-remote.test.mjs: mcp-remote, the bridge that gives stdio-only MCP clients a remote server.

import { after, before, describe, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, matches, same } from './lib/check.mjs';
import { ada, startDemo } from './lib/demo.mjs';
import { certificate, Documents } from './lib/documents.mjs';
import { refused } from './lib/mcp.mjs';
import { postForm, refresh } from './lib/oauth.mjs';
import { Child, freePort, freshDir } from './lib/process.mjs';
import { todoTools } from './lib/sdk-scenarios.mjs';
import { until } from './lib/until.mjs';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const limit = { timeout: 120_000 };
const proxy = new URL('node_modules/mcp-remote/dist/proxy.js', import.meta.url).pathname;

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
class Remote {
  static async start(url, person, { dir = freshDir('mcp-remote'), port, flags = [] } = {}) {
    const remote = new Remote();
    port ??= await freePort();
    remote.child = new Child(process.execPath, [proxy, url, String(port), '--transport', 'http-only', ...flags], {
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

describe('mcp-remote', { concurrency: false }, () => {
  let demo, documents, ana;
  before(async () => {
    const tls = certificate();
    documents = await Documents.serve(tls);
    demo = await startDemo({ env: { SSL_CERT_FILE: tls.cert } });
    ana = await Person.arrive();
  });
  after(async () => {
    await ana?.leave();
    await demo?.stop();
    await documents?.close();
    await closeBrowser();
  });

  const start = async (t, url, options, person = ana) => {
    const remote = await Remote.start(url, person, options);
    t.after(() => remote.close());
    return remote;
  };

  test('registers itself, logs in, lists and calls tools, steps up', limit, async (t) => {
    const remote = await (await start(t, demo.todo)).connect();
    same('listTools()', await remote.tools(), todoTools);
    matches('callTool(whoami)', await remote.call('whoami'), new RegExp(ada.email));
    same('authorizations opened', remote.opened.length, 1);
    await remote.call('create_item', { title: 'from mcp-remote' });
    same('authorizations opened after the step up', remote.opened.length, 2);
    matches('callTool(list_items)', await remote.call('list_items'), /from mcp-remote/);
  });

  test('uses a client id metadata document', limit, async (t) => {
    const port = await freePort();
    const id = documents.put('mcp-remote', { redirect_uris: [`http://localhost:${port}/oauth/callback`] });
    const remote = await (await start(t, demo.todo, { port, flags: ['--client-metadata-url', id] })).connect();
    same('client_id', remote.opened[0].searchParams.get('client_id'), id);
    await remote.call('whoami');
  });

  test('is the pre-registered public client', limit, async (t) => {
    const flags = ['--host', '127.0.0.1', '--callback-path', '/callback', '--static-oauth-client-info', '{"client_id":"demo-public"}'];
    const remote = await (await start(t, demo.todo, { flags })).connect();
    same('client_id', remote.opened[0].searchParams.get('client_id'), 'demo-public');
    await remote.call('whoami');
  });

  test('connects to a server of a path issuer', limit, async (t) => {
    const person = await Person.arrive();
    t.after(() => person.leave());
    const remote = await (await start(t, demo.north.todo, {}, person)).connect();
    same('listTools()', await remote.tools(), todoTools);
  });

  test('refreshes without the person when the token is over', limit, async (t) => {
    const short = await startDemo({ args: ['--access-token-ttl', '2s'] });
    t.after(() => short.stop());
    const person = await Person.arrive();
    t.after(() => person.leave());
    const remote = await (await start(t, short.todo, {}, person)).connect();
    const first = remote.saved('tokens');
    await refused(short.todo, first.access_token, 90);
    await remote.call('whoami');
    holds('tokens', remote.saved('tokens').refresh_token, remote.saved('tokens').refresh_token !== first.refresh_token, 'a rotated refresh token');
    same('authorizations opened', remote.opened.length, 1);
  });

  test('registers anew when the server has forgotten it', limit, async (t) => {
    const first = await startDemo();
    const person = await Person.arrive();
    t.after(() => person.leave());
    const dir = freshDir('mcp-remote');
    const port = await freePort();
    let client_id;
    try {
      const before = await (await start(t, first.todo, { dir, port }, person)).connect();
      client_id = before.saved('client_info').client_id;
      await before.close();
    } finally {
      await first.stop();
    }
    const second = await startDemo({ port: first.port });
    t.after(() => second.stop());
    const after = await (await start(t, second.todo, { dir, port }, person)).connect();
    matches('callTool(whoami)', await after.call('whoami'), new RegExp(ada.email));
    holds('client_id', after.saved('client_info').client_id, after.saved('client_info').client_id !== client_id, `not ${client_id}`);
  });

  test('is cut off when its refresh token is revoked', limit, async (t) => {
    const remote = await (await start(t, demo.todo)).connect();
    const { access_token, refresh_token } = remote.saved('tokens');
    const { client_id } = remote.saved('client_info');
    const answer = await postForm(`${demo.issuer}/revoke`, { token: refresh_token, client_id });
    same(answer.call, answer.status, 200);
    const again = await refresh(demo.issuer, client_id, refresh_token);
    same(again.call, [again.status, again.json?.error], [400, 'invalid_grant']);
    await refused(demo.todo, access_token, 20);
    await remote.call('whoami'); // it signs in again
    same('authorizations opened', remote.opened.length, 2);
  });
});
