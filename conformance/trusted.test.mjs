// trusted.test.mjs: people come in by the login of an app of the operator's, which signs a token: every block of
// docs/guides/bring-your-own-login.md, in a browser, in the middle of a client's authorization.

import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { closeBrowser, Person } from './lib/browser.mjs';
import { Callback } from './lib/callback.mjs';
import { has, matches, same } from './lib/check.mjs';
import { startDemo } from './lib/demo.mjs';
import { GoModule } from './lib/go-module.mjs';
import { Guide } from './lib/guide.mjs';
import { authorizeURL, claimsOf, pkce, redeem } from './lib/oauth.mjs';
import { Child, freePort } from './lib/process.mjs';
import { until } from './lib/until.mjs';

const limit = { timeout: 60_000 };
const audience = 'https://auth.example.com'; // of the guide

/** LoginApp is the operator's app: a login page, and behind it the handover of the guide. */
class LoginApp {
  user = {};
  change = (token) => token;

  /** serve starts it. In the folder are the snippet of the guide and the key it signs with. */
  static async serve(dir, door) {
    const app = new LoginApp();
    const { trustedToken, handoverPage } = await import(pathToFileURL(join(dir, 'trusted-login.mjs')));
    const privateKey = readFileSync(join(dir, 'app-private.pem'), 'utf8');
    app.handOver = (reference) => {
      const sign = (claims) => trustedToken({ ...app.user, ...claims }, { issuer: app.origin, audience: app.audience ?? audience, privateKey });
      app.last = app.change(sign({}), sign);
      return handoverPage(door, reference, app.last);
    };
    app.server = createServer((request, response) => {
      const url = new URL(request.url, app.origin);
      response.setHeader('content-type', 'text/html');
      if (request.method === 'GET') {
        response.end(`<!doctype html><title>Example App</title><h1>Example App</h1><form method="post" action="${url.pathname}${url.search}"><button>Log in</button></form>`);
        return;
      }
      request.resume().on('end', async () => response.end(await app.handOver(url.searchParams.get('reference'))));
    });
    await new Promise((ready) => app.server.listen(0, '127.0.0.1', ready));
    app.origin = `http://localhost:${app.server.address().port}`; // another site than 127.0.0.1
    return app;
  }

  close() {
    return new Promise((done) => this.server.close(done));
  }
}

/** goProgram is what the Go snippet of the guide is in the middle of: it answers with the page that hands somebody over. */
const goProgram = `package main

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"log"
	"net/http"
	"os"
)

func main() {
	text, err := os.ReadFile("app-private.pem")
	if err != nil {
		log.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		log.Fatal(err)
	}
	listen, issuer, audience, door := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	log.Fatal(http.ListenAndServe(listen, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var who person
		if err := json.NewDecoder(r.Body).Decode(&who); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		token, err := trustedToken(who, issuer, audience, key)
		if err == nil {
			err = handOver(w, r, door, token)
		}
		if err != nil {
			log.Print(err)
		}
	})))
}
`;

describe('a login of the operator’s own', { concurrency: false }, () => {
  const guide = new Guide('bring-your-own-login.md');
  let demo, app, callback, module, door;
  before(async () => {
    demo = await startDemo();
    door = `${demo.issuer}/login/trusted`;
    module = new GoModule('trusted');
    await module.sh(guide.block('keys'));
    writeFileSync(join(module.dir, 'trusted-login.mjs'), guide.block('trusted-login.mjs'));
    app = await LoginApp.serve(module.dir, door);
    callback = await Callback.listen();
    await module.sh(guide.block('register', [['https://app.example.com/agents', app.origin], ['https://app.example.com', app.origin]]), demo.settings);
    await demo.operate('trust', 'set', 'app', '--map', 'organization=org', '--map', 'roles=roles');
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

  test('a token that a Go program signs is as good', limit, async (t) => {
    const port = await freePort();
    module.edit('trusted.go', [/^$/, guide.block('trusted.go')]);
    module.edit('main.go', [/^$/, goProgram]);
    await module.sh('go vet . && go build -o app .');
    const program = new Child('./app', [`127.0.0.1:${port}`, app.origin, audience, door], { cwd: module.dir });
    const before = app.handOver;
    t.after(async () => {
      app.handOver = before;
      await program.stop();
    });
    app.handOver = async (reference) => {
      const who = { sub: 'gus-1', email: 'gus@example.com', email_verified: true, name: 'Gus', org: 'acme', roles: ['admin'] };
      const answer = await fetch(`http://127.0.0.1:${port}/?reference=${reference}`, { method: 'POST', body: JSON.stringify(who) });
      return answer.text();
    };
    await until('the Go program answers', async () => (await fetch(`http://127.0.0.1:${port}/`)).status === 400);
    const { page, verifier } = await comeIn(await stranger(t), { resource: demo.okr, scope: 'okr.read' });
    matches('who is asked', await page.locator('main').innerText(), /gus@example\.com/);
    const answer = await allow(page, verifier);
    same('org_id', claimsOf(answer.json.access_token).claims.org_id, 'acme');
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

  test('the profiles of the guide are taken', limit, async () => {
    const profiles = ['auth0', 'supabase', 'firebase', 'cognito'];
    for (const name of profiles) await module.sh(guide.block(name), demo.settings);
    const listed = (await demo.operate('trust', 'list')).split('\n').map((line) => line.split(' ')[0]);
    for (const name of profiles) has('authwright trust list', listed, name);
  });

  test('every block of the page was used', () => {
    same('unused blocks', guide.unused(), []);
  });
});
