// trusted.test.mjs: people come in by the login of an app of the operator's, which signs a token: the snippet of
// docs/guides/bring-your-own-login.md, in a browser, in the middle of a client's authorization.

import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { closeBrowser, Person } from './lib/browser.mjs';
import { Callback } from './lib/callback.mjs';
import { matches, same } from './lib/check.mjs';
import { startDemo } from './lib/demo.mjs';
import { authorizeURL, claimsOf, pkce, redeem } from './lib/oauth.mjs';
import { freshDir } from './lib/process.mjs';
import { until } from './lib/until.mjs';

const limit = { timeout: 60_000 };

/** LoginApp is the operator's app: a login page, and behind it the handover of the guide. */
class LoginApp {
  static async serve(dir, door) {
    const app = new LoginApp();
    const guide = readFileSync(resolve(import.meta.dirname, '../docs/guides/bring-your-own-login.md'), 'utf8');
    const snippet = join(dir, 'trusted-login.mjs');
    writeFileSync(snippet, /```js\n(.*?)```/s.exec(guide)[1]);
    const { trustedToken, handoverPage } = await import(pathToFileURL(snippet));
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    app.keyFile = join(dir, 'app-public.pem');
    writeFileSync(app.keyFile, publicKey.export({ type: 'spki', format: 'pem' }));
    app.user = {};
    app.change = (token) => token;
    app.server = createServer((request, response) => {
      const url = new URL(request.url, app.origin);
      response.setHeader('content-type', 'text/html');
      if (request.method === 'GET') {
        response.end(`<!doctype html><title>Example App</title><h1>Example App</h1><form method="post" action="${url.pathname}${url.search}"><button>Log in</button></form>`);
        return;
      }
      request.resume().on('end', () => {
        const sign = (claims) => trustedToken({ ...app.user, ...claims }, { issuer: app.origin, audience: app.audience ?? 'authwright', privateKey });
        app.last = app.change(sign({}), sign);
        response.end(handoverPage(door, url.searchParams.get('reference'), app.last));
      });
    });
    await new Promise((ready) => app.server.listen(0, '127.0.0.1', ready));
    app.origin = `http://localhost:${app.server.address().port}`; // another site than 127.0.0.1
    return app;
  }

  close() {
    return new Promise((done) => this.server.close(done));
  }
}

describe('a login of the operator’s own', { concurrency: false }, () => {
  let demo, app, callback;
  before(async () => {
    demo = await startDemo();
    const dir = freshDir('authwright-app');
    app = await LoginApp.serve(dir, `${demo.issuer}/login/trusted`);
    callback = await Callback.listen();
    await demo.operate('trust', 'add', 'app', '--title', 'Example App', '--issuer', app.origin, '--audience', 'authwright', '--login-url', `${app.origin}/login`,
      '--key-file', app.keyFile, '--map', 'organization=org', '--map', 'roles=roles', '--create');
  });
  after(async () => {
    await callback?.close();
    await app?.close();
    await demo?.stop();
    await closeBrowser();
  });

  // comeIn opens a client's authorization, goes to the app and logs in there. It stops where the browser comes to rest.
  async function comeIn(person, fields = {}) {
    const { verifier, challenge } = pkce();
    const page = await person.context.newPage();
    const request = { client_id: 'demo-public', redirect_uri: callback.uri, state: 's', code_challenge: challenge, resource: demo.todo, scope: 'todo.read', ...fields };
    await page.goto(String(authorizeURL(demo.issuer, request)));
    const link = page.getByRole('link', { name: 'Continue with Example App' });
    await until('the sign-in page offers the app', async () => await link.count() > 0 || (await page.reload(), false));
    await link.click();
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.waitForURL((url) => url.origin === demo.issuer && url.pathname !== '/login');
    return { page, verifier, heading: await page.getByRole('heading', { level: 1 }).innerText() };
  }

  // allow presses Allow on the page as it is.
  async function allow(page, verifier) {
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    const code = (await callback.next(page)).get('code');
    const answer = await redeem(demo.issuer, { code, client_id: 'demo-public', redirect_uri: callback.uri, verifier });
    same(`${answer.call}: status`, answer.status, 200);
    return answer;
  }

  async function stranger(t) {
    const person = await Person.arrive();
    t.after(() => person.leave());
    return person;
  }

  async function refused(t, word, heading = /did not arrive/) {
    const { page, heading: said } = await comeIn(await stranger(t));
    matches('heading', said, heading);
    if (word) matches('text', await page.locator('main').innerText(), new RegExp(`\\(${word}\\)`));
  }

  test('somebody new comes in by it, consents, and the client has a token for them, their organization and roles', limit, async (t) => {
    app.user = { id: 'zoe-1', email: 'zoe@example.com', emailVerified: true, name: 'Zoë', organization: 'acme', roles: ['admin', 'unheard-of'] };
    const { page, verifier } = await comeIn(await stranger(t), { resource: demo.okr, scope: 'okr.read okr.write' });
    matches('who is asked', await page.locator('main').innerText(), /zoe@example\.com/);
    const answer = await allow(page, verifier);
    const { claims } = claimsOf(answer.json.access_token);
    same('org_id, scope', [claims.org_id, claims.scope.split(' ').sort()], ['acme', ['okr.read', 'okr.write']]);
    matches('sub', claims.sub, /^per_/);
  });

  test('who belongs to several organizations is asked for the one their token names', limit, async (t) => {
    app.user = { ...app.user, organization: 'globex', roles: ['member'] };
    const { page, verifier } = await comeIn(await stranger(t), { resource: demo.okr, scope: 'okr.read' });
    const answer = await allow(page, verifier);
    same('org_id', claimsOf(answer.json.access_token).claims.org_id, 'globex');
  });

  test('a token that was used before is refused', limit, async (t) => {
    const used = app.last;
    app.change = () => used;
    await refused(t, 'replayed');
  });

  test('a token that is over, for somebody else or signed by nobody is refused', limit, async (t) => {
    app.audience = 'another';
    app.change = (token) => token;
    await refused(t, 'audience');
    app.audience = undefined;
    app.change = (token) => `${token.slice(0, -8)}AAAAAAAA`;
    await refused(t, 'signature');
    app.change = (_, sign) => {
      const now = Date.now;
      Date.now = () => now() - 3_600_000;
      try {
        return sign({});
      } finally {
        Date.now = now;
      }
    };
    await refused(t, 'expired');
    app.change = (token) => token;
  });

  test('an organization that is not known is refused, and so is somebody new when no accounts are made', limit, async (t) => {
    app.user = { id: 'yan-1', email: 'yan@example.com', emailVerified: true, name: 'Yan', organization: 'initech' };
    await refused(t, '', /organization is not known/);
    await demo.operate('trust', 'set', 'app', '--no-create');
    app.user = { id: 'xia-1', email: 'xia@example.com', emailVerified: true, name: 'Xia' };
    await refused(t, '', /no account here/);
  });

  test('the address of somebody who is here is not theirs to come in by', limit, async (t) => {
    app.user = { id: 'eve-1', email: 'ada@example.com', emailVerified: true, name: 'Eve' };
    await refused(t, '', /has an account already/);
    await demo.operate('trust', 'set', 'app', '--authoritative');
    const { page } = await comeIn(await stranger(t));
    matches('who is asked', await page.locator('main').innerText(), /ada@example\.com/);
  });
});
