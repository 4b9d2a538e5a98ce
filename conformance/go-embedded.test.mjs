// go-embedded.test.mjs: examples/go-embedded, one program that is app, MCP server and authorization server, with official
// clients and a person in Chromium.

import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { join, resolve } from 'node:path';
import { axe, looks } from './lib/axe.mjs';
import { closeBrowser, Person } from './lib/browser.mjs';
import { has, matches, same } from './lib/check.mjs';
import { recheck } from './lib/demo.mjs';
import { GoHost } from './lib/go-host.mjs';
import { Host } from './lib/host.mjs';
import { v1, v2 } from './lib/kits.mjs';
import { callTool, mcp, parseChallenge, refused } from './lib/mcp.mjs';
import { basic, postForm, prmURL, tokensFor } from './lib/oauth.mjs';
import { Child, freePort, freshDir } from './lib/process.mjs';
import { challenges, Protected } from './lib/protected.mjs';
import { stepUp, todoTools } from './lib/sdk-scenarios.mjs';
import { until } from './lib/until.mjs';

const limit = { timeout: 120_000 };
const top = resolve(import.meta.dirname, '..');
const binary = resolve(process.env.AUTHWRIGHT_BIN ?? join(top, 'bin/authwright'));
const ada = { email: 'ada@example.com', password: 'correct-horse-battery', subject: 'user-1' };

describe('examples/go-embedded', { concurrency: false }, () => {
  let issuer, url, server, ana, machine, brief;

  before(async () => {
    const dir = freshDir('go-embedded');
    const port = await freePort();
    issuer = `http://127.0.0.1:${port}`;
    url = `${issuer}/todo/mcp`;
    execFileSync('go', ['build', '-ldflags=-w', '-o', join(dir, 'program'), './examples/go-embedded'], { cwd: top, stdio: 'inherit' });
    server = await Protected.start(url, join(dir, 'program'), ['-listen', `127.0.0.1:${port}`, '-data', join(dir, 'data')]);
    const operate = async (...args) => {
      const env = { AUTHWRIGHT_ISSUER: issuer, AUTHWRIGHT_DATABASE: `sqlite:${join(dir, 'data/authwright.db')}`, AUTHWRIGHT_KEY_FILE: join(dir, 'data/kek') };
      const child = new Child(binary, args, { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } });
      if (await child.exit() !== 0) throw child.complain('did not go well');
      return child.stdout;
    };
    await operate('resource', 'add', `${issuer}/other/mcp`, '--name', 'Another', '--scope', 'todo.read=See it');
    const printed = await operate('client', 'create', 'A machine', '--id', 'machine', '--confidential', '--grant', 'client_credentials', '--scope', 'todo.read');
    machine = { id: 'machine', secret: /^client_secret\s+(\S+)$/m.exec(printed)[1] };
    await operate('client', 'set', 'machine', '--access-life', '2s'); // for tokens that are over
    ana = await Person.arrive(ada);
  }, limit);
  after(async () => {
    await ana?.leave();
    await server?.stop();
    await closeBrowser();
  });

  const machineToken = async (resource) => {
    const answer = await postForm(`${issuer}/token`, { grant_type: 'client_credentials', resource }, basic(machine));
    same(answer.call, [answer.status, answer.json?.error], [200, undefined]);
    return answer.json.access_token;
  };

  test('Ada signs in on the app’s own page, and the pages after it are in its look', limit, async (t) => {
    const stranger = await Person.arrive(ada);
    t.after(() => stranger.leave());
    const page = await stranger.context.newPage();
    await page.goto(`${issuer}/app/sign-in`);
    for (const look of looks) await axe(page, "the app's page to sign in", look);
    const onConsent = async (consent) => {
      same('the top and the foot of the page', [await consent.locator('header').innerText(), await consent.locator('footer').innerText()], ['The app', 'The embedded to-do app']);
      for (const look of looks) await axe(consent, 'consent in the look of the app', look);
    };
    await tokensFor(stranger, issuer, { resource: url, scope: 'todo.read' }, { onConsent });
    has('the pages that Ada saw', stranger.seen, 'Sign in to the app');
    await page.goto(`${issuer}/account`);
    matches('her account', await page.locator('main').innerText(), /Conformance/);
    for (const look of looks) await axe(page, 'the account in the look of the app', look);
  });

  for (const kit of [v1, v2]) {
    test(`${kit.name} logs in, lists and calls tools`, limit, async (t) => {
      const host = await Host.start(kit, url, ana);
      t.after(() => host.close());
      await host.connect();
      same('listTools()', await host.tools(), todoTools);
      same('callTool(whoami)', JSON.parse(await host.call('whoami')).subject, ada.subject);
      same('authorizations opened', host.provider.opened.length, 1);
    });
  }

  test('a client steps up from reading to writing', limit, async (t) => {
    const host = await Host.start(v2, url, ana);
    t.after(() => host.close());
    await host.connect();
    await stepUp(host);
  });

  test('the Go client logs in and steps up', limit, async (t) => {
    const host = await new GoHost(url, ana).ready();
    t.after(() => host.child.stop());
    await host.do({ do: 'connect' });
    matches('CallTool(whoami)', await host.do({ do: 'call', name: 'whoami' }), new RegExp(ada.subject));
    await host.do({ do: 'call', name: 'create_item', args: { title: 'from Go' } });
    same('authorizations opened', host.opened.length, 2);
  });

  test('no token, one for another server, a changed one and one that is over are refused', limit, async () => {
    brief = await machineToken(url);
    same('a token of two seconds, at first', (await mcp(url, brief)).status, 200);
    same('no token: scope', (await challenges('no token', url)).scope, 'todo.read');
    const other = await until('there are tokens for another server', () => machineToken(`${issuer}/other/mcp`), 30);
    await challenges('a token for another server', url, other, 'invalid_token');
    const [header, claims, signature] = (await machineToken(url)).split('.');
    await challenges('a changed signature', url, [header, claims, signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))].join('.'), 'invalid_token');
    await refused(url, brief, 30);
    await challenges('a token that is over', url, brief, 'invalid_token');
  });

  test('too few scopes are refused, and the answer names all that are needed', limit, async () => {
    const { access_token } = await tokensFor(ana, issuer, { resource: url, scope: 'todo.read' });
    const answer = await callTool(url, access_token, 'create_item', { title: 'x' });
    same(answer.call, answer.status, 403);
    const { scheme, error, scope, resource_metadata } = parseChallenge(answer.headers.get('www-authenticate'));
    same(`${answer.call}: challenge`, [scheme, error, scope, resource_metadata], ['Bearer', 'insufficient_scope', 'todo.read todo.write', prmURL(url)]);
  });

  test('a token whose grant was revoked is refused', limit, async () => {
    const { access_token, refresh_token, client_id } = await tokensFor(ana, issuer, { resource: url, scope: 'todo.read' });
    same('before', (await mcp(url, access_token)).status, 200);
    await postForm(`${issuer}/revoke`, { token: refresh_token, client_id });
    await refused(url, access_token, recheck + 3);
    await challenges('a revoked token', url, access_token, 'invalid_token');
  });

  test('authwright check says nothing against it', limit, async () => {
    const child = new Child(binary, ['check', '--json', url]);
    const code = await child.exit();
    const report = JSON.parse(child.stdout);
    same(`${child.name}: findings`, report.steps.flatMap((step) => step.findings ?? []), []);
    same(`${child.name}: exit code`, code, 0);
  });
});
