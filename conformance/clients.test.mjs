// clients.test.mjs: what the operator says of one client, and what ends its access: an app of the operator's own that people
// are not asked about, claims from a template, a consent that is withdrawn, and changes while a client is connected.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { closeBrowser, Person } from './lib/browser.mjs';
import { matches, same } from './lib/check.mjs';
import { ada, bob, startDemo } from './lib/demo.mjs';
import { authorizeURL, claimsOf, introspect, pkce, redeem, refresh, tokensFor } from './lib/oauth.mjs';
import { freshDir } from './lib/process.mjs';
import { until } from './lib/until.mjs';

const limit = { timeout: 60_000 };
const shop = { client_id: 'shop', redirect_uri: 'https://shop.example/callback' };

describe('clients', { concurrency: false }, () => {
  let demo, ana, ben;
  before(async () => {
    demo = await startDemo();
    await demo.operate('client', 'create', 'Shop', '--id', shop.client_id, '--redirect-uri', shop.redirect_uri, '--first-party');
    await demo.operate('client', 'set', shop.client_id, '--skip-consent', 'on');
    [ana, ben] = [await Person.arrive(ada), await Person.arrive(bob)];
    await signIn(ana);
  });
  after(async () => {
    await ana?.leave();
    await ben?.leave();
    await demo?.stop();
    await closeBrowser();
  });

  async function signIn(person) {
    const page = await person.context.newPage();
    await page.goto(`${demo.issuer}/login`);
    await page.getByLabel('Email').fill(person.account.email);
    await page.getByLabel('Password', { exact: true }).fill(person.account.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
    await page.close();
  }

  // connect sends ana from the shop, which is nowhere: the browser's request for it is what comes back.
  async function connect() {
    const { verifier, challenge } = pkce();
    const page = await ana.context.newPage();
    const back = page.waitForRequest((request) => request.url().startsWith(shop.redirect_uri));
    const allow = page.getByRole('button', { name: 'Allow', exact: true });
    const asked = allow.waitFor().then(() => true, () => false);
    await page.goto(String(authorizeURL(demo.issuer, { ...shop, state: 's', code_challenge: challenge, resource: demo.todo, scope: 'todo.read' })))
      .catch((error) => matches('why the page did not open', error.message, /shop\.example|ERR_|interrupted/));
    const wasAsked = await Promise.race([asked, back.then(() => false)]);
    if (wasAsked) await allow.click({ noWaitAfter: true });
    const code = new URL((await back).url()).searchParams.get('code');
    await page.close();
    return { asked: wasAsked, tokens: (await redeem(demo.issuer, { ...shop, code, verifier })).json };
  }

  async function ended(what, { client_id, access_token, refresh_token }) {
    const dead = await refresh(demo.issuer, client_id, refresh_token);
    same(`${what}: a refresh`, [dead.status, dead.json?.error], [400, 'invalid_grant']);
    same(`${what}: introspection`, (await introspect(demo.issuer, access_token)).json, { active: false });
  }

  test('people are not asked about an app of the operator’s own, until they take it back', limit, async () => {
    const first = await connect();
    same('was she asked at first', first.asked, false);
    same('scope', first.tokens.scope, 'todo.read');

    const page = await ana.context.newPage();
    await page.goto(`${demo.issuer}/account`);
    const item = page.locator('.connections > li').filter({ has: page.getByRole('heading', { name: 'Shop' }) });
    matches('her account', await item.innerText(), /See your to-do items[\s\S]*last used[\s\S]*connected in one place/);
    await item.getByRole('button', { name: 'Withdraw' }).click();
    await page.getByRole('status').waitFor();
    same('connections to the shop afterwards', await item.count(), 0);
    await page.close();
    await ended('withdrawn', { ...shop, ...first.tokens });

    const second = await connect();
    same('was she asked after she withdrew', second.asked, true);
    same('scope', second.tokens.scope, 'todo.read');
    same('was she asked after she allowed it', (await connect()).asked, false);
  });

  test('access tokens say what the template of their client says, from the next refresh', limit, async () => {
    const file = join(freshDir('authwright-claims'), 'claims.json');
    writeFileSync(file, JSON.stringify({
      'https://example.com/who': '{{ person.name }} at {{ organization.name }}', roles: '{{ member.roles }}', org: { slug: '{{ organization.slug }}', tier: 2 },
    }));
    let tokens = await tokensFor(ana, demo.issuer, { client_id: 'demo-public', resource: demo.okr, scope: 'okr.read' });
    same('roles, before', claimsOf(tokens.access_token).claims.roles, undefined);
    await demo.operate('client', 'set', 'demo-public', '--claims', file);
    const claims = await until('a token has the claims', async () => {
      tokens = (await refresh(demo.issuer, 'demo-public', tokens.refresh_token)).json;
      const { claims } = claimsOf(tokens.access_token);
      return claims.roles && claims;
    });
    same('what the template makes', [claims['https://example.com/who'], claims.roles, claims.org], ['Ada Lovelace at Acme', ['admin'], { slug: 'acme', tier: 2 }]);
    same('what no template sets', [claims.iss, claims.sub, claims.aud, claims.scope], [demo.issuer, ada.subject, demo.okr, 'okr.read']);
  });

  // Each change is made while bob's client is connected for acme, and taken back: what ended stays ended.
  const changes = [
    ['the member is removed', ['org', 'member', 'remove', 'acme', bob.email], ['org', 'member', 'add', 'acme', bob.email, '--role', 'member']],
    ['the organization’s rule is tightened', ['org', 'policy', 'acme', '--third-party', 'none'], ['org', 'policy', 'acme', '--third-party', 'default']],
    ['the person is disabled', ['user', 'disable', bob.email], ['user', 'enable', bob.email]],
  ];
  for (const [what, change, undo] of changes) {
    test(`access ends when ${what}, and does not come back`, limit, async () => {
      const connected = await tokensFor(ben, demo.issuer, { client_id: 'demo-public', resource: demo.okr, scope: 'okr.read' }, {
        onConsent: (page) => page.locator('[aria-current=true]', { hasText: 'Acme' }).waitFor(),
      });
      const before = await introspect(demo.issuer, connected.access_token);
      same('introspection before', [before.json.active, before.json.org_id], [true, 'acme']);
      await demo.operate(...change);
      await ended(what, connected);
      await demo.operate(...undo);
      await ended(`${what}, and it is taken back`, connected);
    });
  }

  test('who was disabled has to sign in again', limit, async () => {
    const page = await ben.context.newPage();
    await page.goto(`${demo.issuer}/account`);
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    await page.close();
  });
});
