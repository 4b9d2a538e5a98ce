// guide-clients.test.mjs does what docs/guides/clients.md says: with the clients themselves where they are small enough to come
// with the tests, and otherwise by what their makers say of their commands and files. by-hand/ has the large ones.

import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { join, resolve } from 'node:path';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, matches, same } from './lib/check.mjs';
import { ada, startDemo } from './lib/demo.mjs';
import { Guide } from './lib/guide.mjs';
import { mcp } from './lib/mcp.mjs';
import { metadata, register } from './lib/oauth.mjs';
import { Child, freePort, freshDir } from './lib/process.mjs';
import { Remote } from './lib/remote.mjs';
import { todoTools } from './lib/sdk-scenarios.mjs';
import { authorizeURL, spoken } from './lib/spoken.mjs';
import { until } from './lib/until.mjs';

const limit = { timeout: 120_000 };
const binary = resolve(process.env.AUTHWRIGHT_BIN ?? resolve(import.meta.dirname, '../bin/authwright'));

describe('the guide for clients', { concurrency: false }, () => {
  const guide = new Guide('clients.md');
  let demo, ana, dir, env, places;

  before(async () => {
    demo = await startDemo();
    ana = await Person.arrive();
    places = [['127.0.0.1:8080', `127.0.0.1:${demo.port}`]];
    dir = freshDir('guide-clients');
    mkdirSync(join(dir, 'bin'));
    symlinkSync(binary, join(dir, 'bin/authwright'));
    symlinkSync(join(import.meta.dirname, 'node_modules'), join(dir, 'node_modules')); // where npx finds what need not be fetched
    env = {
      HOME: dir, PATH: `${join(dir, 'bin')}:${join(import.meta.dirname, 'node_modules/.bin')}:${process.env.PATH}`, BROWSER: '/bin/true', NO_COLOR: '1',
      npm_config_offline: 'true', MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'file',
      GEMINI_API_KEY: 'none', GEMINI_CLI_TRUST_WORKSPACE: 'true', AUTHWRIGHT_ISSUER: demo.issuer,
      AUTHWRIGHT_DATABASE: `sqlite:${join(demo.data, 'authwright.db')}`, AUTHWRIGHT_KEY_FILE: join(demo.data, 'kek'),
    };
  });
  after(async () => {
    await ana?.leave();
    await demo?.stop();
    await closeBrowser();
  });

  const sh = (name) => new Child('sh', ['-c', guide.block(name, places)], { cwd: dir, env });
  const done = async (child, pattern = /./) => {
    same(`${child.name}: exit code (it printed ${child.output.slice(-2000)})`, await child.exit(100), 0);
    matches(child.name, child.output, pattern);
  };

  test('the demo of the guide is the one that the clients are given', limit, async (t) => {
    const port = await freePort();
    const command = guide.block('demo', [['127.0.0.1:8080', `127.0.0.1:${port}`]]);
    const other = new Child('sh', ['-c', `exec ${command}`], { cwd: dir, env });
    t.after(() => other.stop());
    await until('it answers at the address of the guide', async () => (await mcp(`http://127.0.0.1:${port}/todo/mcp`)).status === 401);
    await other.prints(/claude mcp add --transport http todo /);
  });

  test('each command is as its maker tells, for the address of the server', () => {
    for (const name of ['claude', 'codex', 'codex-scopes', 'gemini', 'gemini-remove', 'vscode']) {
      for (const line of guide.block(name, places).trim().split('\n')) {
        same(`${name}: ${line}`, spoken(line).wrong, []);
        const url = /https?:[^ '"]+/.exec(line)?.[0];
        if (url) same(`${name}: the address`, url, demo.todo);
      }
    }
    const named = [...guide.text.matchAll(/`((?:claude|codex|gemini) mcp [^`]+)`/g)].map(([, line]) => line);
    holds('commands in sentences', named, named.length > 8, 'more than 8');
    for (const line of named) same(line, spoken(line).wrong, []);
    const added = spoken(guide.block('vscode', places)).options['--add-mcp'];
    same('vscode: what is added', JSON.parse(added), { name: 'todo', type: 'http', url: demo.todo });
  });

  test('each file is as its maker tells, for the address of the server', () => {
    const server = { todo: { url: demo.todo } };
    const typed = { todo: { type: 'http', url: demo.todo } };
    for (const [name, want] of [['cursor.json', { mcpServers: server }], ['claude.json', { mcpServers: typed }], ['vscode.json', { servers: typed }]]) {
      same(name, JSON.parse(guide.block(name, places)), want);
    }
  });

  test('every address that a client is answered at may be registered, also on another port', limit, async () => {
    const rows = guide.text.split('\n').filter((line) => line.includes('| by document, ') || line.includes('| registers |'));
    same('clients in the table', rows.length, 9);
    for (const row of rows) {
      const uris = [...row.matchAll(/`([a-z]+:\/\/[^`]+)`/g)].map(([, uri]) => uri);
      const answer = await register(demo.issuer, { client_name: row.split('|')[1].trim(), redirect_uris: uris });
      same(`POST /register ${uris} (${answer.text})`, [answer.status, answer.json?.redirect_uris], [201, uris]);
      same(`any port: ${row}`, /any port/.test(row), uris.some((uri) => uri.startsWith('http:') && !/:(8787|6276|6274)\//.test(uri)));
    }
  });

  test('Gemini CLI is added, logs in and is connected', { timeout: 280_000 }, async () => {
    mkdirSync(join(dir, '.gemini'));
    const settings = join(dir, '.gemini/settings.json');
    const own = { privacy: { usageStatisticsEnabled: false }, general: { enableAutoUpdate: false }, security: { auth: { selectedType: 'gemini-api-key' } } };
    writeFileSync(settings, JSON.stringify(own));
    const gemini = sh('gemini');
    await done(await signsIn(gemini, (url) => matches('scope', url.searchParams.get('scope'), /todo\.read todo\.write .*offline_access/)),
      /✓ todo: \S+ \(http\) - Connected/);
    matches('where Gemini keeps its tokens', readFileSync(join(dir, '.gemini/mcp-oauth-tokens.json'), 'utf8'), /"refreshToken": "aw_rt_/);

    // The same, with the scopes named: it is asked for no more.
    writeFileSync(settings, JSON.stringify({ ...own, ...JSON.parse(guide.block('gemini.json', places)) }));
    const again = new Child('gemini', ['--prompt', '/mcp auth todo'], { cwd: dir, env });
    await signsIn(again, (url) => same('scope with the scopes named', url.searchParams.get('scope'), 'todo.read'));
    await again.exit(100); // with 42: after it has logged in it would rather be in a session

    const removed = sh('gemini-remove');
    await done(removed);
    same('servers afterwards', JSON.parse(readFileSync(settings, 'utf8')).mcpServers, {});
    same('the tokens are there still', existsSync(join(dir, '.gemini/mcp-oauth-tokens.json')), true);
  });

  /** signsIn answers Gemini's question and lets the person authorize; it returns when Gemini has logged in. */
  async function signsIn(gemini, look) {
    await gemini.prints(/Do you want to continue\?/, { seconds: 60 });
    gemini.send('y');
    const [at] = await gemini.prints(authorizeURL, { seconds: 60 });
    look(new URL(at));
    await ana.authorize(at);
    await gemini.prints(/Successfully authenticated/, { seconds: 60 });
    return gemini;
  }

  test('MCP Inspector lists the tools', limit, async () => {
    const inspector = sh('inspector');
    const [at] = await inspector.prints(authorizeURL);
    await ana.authorize(at);
    await done(inspector, /whoami/);
  });

  test('a client that knows stdio only has the tools by mcp-remote', limit, async (t) => {
    const { command, args } = JSON.parse(guide.block('stdio.json', places)).mcpServers.todo;
    const remote = await Remote.start(args.at(-1), ana, { line: [command, ...args], options: { cwd: dir, env } });
    t.after(() => remote.close());
    await remote.connect();
    same('listTools()', await remote.tools(), todoTools);
    matches('callTool(whoami)', await remote.call('whoami'), new RegExp(ada.subject));
    same('where mcp-remote keeps its tokens', existsSync(join(dir, '.mcp-auth')), true);
  });

  test('an operator registers a client', limit, async () => {
    const registered = sh('register');
    await done(registered, /^client_id +claude$/m);
  });

  test('what was allowed is withdrawn', limit, async () => {
    await done(sh('withdraw'), /todo\.read todo\.write openid[\s\S]*^Ended: 4\./m);
    same('Ada’s consents afterwards', await demo.operate('consents', 'list', '--person', ada.email, '--json').then(JSON.parse), []);
  });

  test('without documents clients register', limit, async () => {
    same('before', (await metadata(demo.issuer)).client_id_metadata_document_supported, true);
    await done(sh('documents'));
    await until('the metadata says so', async () => !(await metadata(demo.issuer)).client_id_metadata_document_supported, 30);
    holds('registration', await metadata(demo.issuer), !!(await metadata(demo.issuer)).registration_endpoint, 'still there');
  });

  test('every block of the page was used', () => {
    same('unused blocks', guide.unused(), []);
  });
});
