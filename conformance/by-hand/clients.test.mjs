// clients.test.mjs: Claude Code and Codex do what docs/guides/clients.md says, in a terminal, without an account at their makers.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { closeBrowser, Person } from '../lib/browser.mjs';
import { matches, same } from '../lib/check.mjs';
import { ada, startDemo } from '../lib/demo.mjs';
import { Guide } from '../lib/guide.mjs';
import { metadata, refresh } from '../lib/oauth.mjs';
import { Child, freshDir } from '../lib/process.mjs';
import { authorizeURL } from '../lib/spoken.mjs';
import { until } from '../lib/until.mjs';

const limit = { timeout: 240_000 };
const quiet = { DISABLE_TELEMETRY: '1', DISABLE_ERROR_REPORTING: '1', DISABLE_AUTOUPDATER: '1', CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' };

describe('clients by hand', { concurrency: false }, () => {
  const guide = new Guide('clients.md');
  let demo, ana, home, env, places;

  before(async () => {
    demo = await startDemo({ args: ['--access-token-ttl', '5s'] });
    ana = await Person.arrive();
    places = [['127.0.0.1:8080', `127.0.0.1:${demo.port}`]];
    home = freshDir('by-hand');
    mkdirSync(join(home, '.codex'));
    writeFileSync(join(home, '.codex/config.toml'), 'mcp_oauth_credentials_store = "file"\n');
    env = { ...quiet, HOME: home, PATH: `${join(import.meta.dirname, 'node_modules/.bin')}:${process.env.PATH}`, BROWSER: '/bin/true', NO_COLOR: '1', TERM: 'xterm' };
    // Their documents are on the Internet, which may not be there: the guide says what to do then.
    await demo.operate('project', 'set', 'default', '--documents', 'off');
    await until('they have to register', async () => !(await metadata(demo.issuer)).client_id_metadata_document_supported, 30);
  });
  after(async () => {
    await ana?.leave();
    await demo?.stop();
    await closeBrowser();
  });

  const sh = (script) => new Child('sh', ['-c', script], { cwd: home, env });
  /** terminal runs a script in a terminal that is wide enough for an address. */
  const terminal = (script) => new Child('script', ['-qefc', `stty cols 3000; ${script}`, '/dev/null'], { cwd: home, env });
  const signsIn = async (child) => {
    const [at] = await child.prints(authorizeURL, { seconds: 60 });
    await ana.authorize(at);
    return new URL(at);
  };
  const done = async (child, pattern) => {
    same(`${child.name}: exit code (it printed ${child.output.slice(-2000)})`, await child.exit(90), 0);
    matches(child.name, child.output, pattern);
  };

  test('Claude Code logs in, is connected, refreshes and gives its tokens back', limit, async () => {
    const kept = () => Object.values(JSON.parse(readFileSync(join(home, '.claude/.credentials.json'), 'utf8')).mcpOAuth)[0];
    const claude = terminal(guide.block('claude', places));
    const at = await signsIn(claude);
    matches('redirect_uri', at.searchParams.get('redirect_uri'), /^http:\/\/localhost:\d+\/callback$/);
    same('scope', at.searchParams.get('scope'), 'todo.read offline_access');
    await done(claude, /Authenticated with "todo"[\s\S]*✔.*Connected/);
    const first = kept();
    await until('its token is over', () => first.expiresAt < Date.now());
    await done(sh('claude mcp list'), /✔ Connected/);
    const second = kept();
    same('its refresh token is another', second.refreshToken !== first.refreshToken, true);
    await done(sh('claude mcp logout todo'), /Signed out/);
    const dead = await refresh(demo.issuer, second.clientId, second.refreshToken);
    same(`${dead.call} with what it gave back`, [dead.status, dead.json?.error], [400, 'invalid_grant']);
    await done(sh('claude mcp list'), /Needs authentication/);
  });

  test('Codex logs in, calls a tool, refreshes, and does not ask for more by itself', limit, async () => {
    const codex = sh(guide.block('codex', places));
    const at = await signsIn(codex);
    matches('redirect_uri', at.searchParams.get('redirect_uri'), /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    await done(codex, /Successfully logged in[\s\S]*OAuth/);
    const app = await App.start(home, env);
    matches('whoami', await app.call('whoami'), new RegExp(ada.subject));
    matches('create_item', await app.call('create_item', { title: 'x' }), /Insufficient scope/);
    await app.close();

    const again = sh(guide.block('codex-scopes', places));
    await signsIn(again);
    await done(again, /Successfully logged in/);
    const other = await App.start(home, env);
    matches('create_item with its scope', await other.call('create_item', { title: 'from codex' }), /from codex/);
    const was = expiry();
    await until('its token is over', () => was < Date.now());
    matches('list_items after a refresh', await other.call('list_items'), /from codex/);
    await other.close();
    await done(sh('codex mcp logout todo; codex mcp list'), /Not logged in/);
  });

  const expiry = () => Object.values(JSON.parse(readFileSync(join(home, '.codex/.credentials.json'), 'utf8')))[0].expires_at;
});

/** App is Codex without its model: the program that its editors talk to. */
class App {
  #last = 0;

  static async start(home, env) {
    const app = new App();
    app.child = new Child('codex', ['app-server'], { cwd: home, env });
    await app.ask('initialize', { clientInfo: { name: 'conformance', version: '1' } });
    app.thread = (await app.ask('thread/start', {})).result.thread.id;
    return app;
  }

  ask(method, params) {
    const id = ++this.#last;
    this.child.send(JSON.stringify({ id, method, params }));
    return until(`codex answers ${method}`, () => this.child.stdout.split('\n').filter((line) => line.endsWith('}')).map((line) => JSON.parse(line))
      .find((message) => message.id === id && !message.method), 60);
  }

  /** call is what a tool answers, or why it does not. */
  async call(tool, args = {}) {
    const answer = await this.ask('mcpServer/tool/call', { threadId: this.thread, server: 'todo', tool, arguments: args });
    return JSON.stringify(answer.result ?? answer.error);
  }

  close() {
    return this.child.stop();
  }
}
