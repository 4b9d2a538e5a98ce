// guide-embed-go.test.mjs does what docs/guides/embed-go.md says, step by step: one program that is all of it.

import { after, before, describe, test } from 'node:test';
import { axe, looks } from './lib/axe.mjs';
import { closeBrowser, Person } from './lib/browser.mjs';
import { has, matches, same } from './lib/check.mjs';
import { GoModule } from './lib/go-module.mjs';
import { Guide } from './lib/guide.mjs';
import { Host } from './lib/host.mjs';
import { v2 } from './lib/kits.mjs';
import { mcp } from './lib/mcp.mjs';
import { postForm, refresh, tokensFor } from './lib/oauth.mjs';
import { freePort } from './lib/process.mjs';

const limit = { timeout: 180_000 };
const ada = { email: 'ada@example.com', password: 'correct-horse-battery' };

describe('the guide to embedding in Go', { concurrency: false }, () => {
  const guide = new Guide('embed-go.md');
  let base, url, module;

  before(async () => {
    base = `http://127.0.0.1:${await freePort()}`;
    url = `${base}/mcp`;
    module = new GoModule('guide-embed-go', [['http://127.0.0.1:3000', base], ['127.0.0.1:3000', base.slice('http://'.length)]]);
  });
  after(async () => {
    await module?.stop();
    await closeBrowser();
  });

  const serve = () => module.serve(guide.block('serve'), url, 401);
  const arrive = async (t) => {
    const person = await Person.arrive(ada);
    t.after(() => person.leave());
    return person;
  };

  // connect has a client log in with the program's own account, and tells what the person saw.
  async function connect(t) {
    const person = await arrive(t);
    const host = await Host.start(v2, url, person);
    t.after(() => host.close());
    await host.connect();
    matches('callTool(whoami)', await host.call('whoami'), /"user-1"/);
    return person.seen;
  }

  test('the people of the program sign in, and a tool knows them by their own id', limit, async (t) => {
    module.edit('main.go', [/^$/, guide.block('main.go')]);
    module.edit('people.go', [/^$/, guide.block('people.go')]);
    await module.sh(guide.block('install'));
    await serve();
    await module.sh(guide.block('check', module.places));
    matches('the pages that Ada saw', (await connect(t)).join(' → '), /^Sign in · .* → /);
  });

  test('the pages look as the program wants, for everybody', limit, async (t) => {
    module.edit('main.go', [/(?=\t\tResources: )/, guide.block('pages')]);
    await serve();
    const onConsent = async (page) => {
      await page.emulateMedia({ colorScheme: 'light' });
      const allow = page.getByRole('button', { name: 'Allow', exact: true });
      same('the colour of Allow', await allow.evaluate((button) => getComputedStyle(button).backgroundColor), 'rgb(91, 63, 214)');
      same('the top of the page', await page.locator('header').innerText(), 'To-do');
      same('the foot of the page', await page.locator('footer').innerText(), 'A service of Example, Inc.');
      for (const look of looks) await axe(page, 'consent in the look of a program', look);
    };
    const { access_token } = await tokensFor(await arrive(t), base, { resource: url, scope: 'todo.read' }, { onConsent });
    same('a token from there: status', (await mcp(url, access_token)).status, 200);
  });

  test('who leaves takes along what they allowed', limit, async (t) => {
    module.edit('people.go', [/$/, `\n${guide.block('leave')}`]);
    module.edit('main.go', [/(?=\n\tsrv := )/, '\tmux.HandleFunc("POST /leave", func(_ http.ResponseWriter, r *http.Request) { _ = leave(r.Context(), auth, "user-1") })\n']);
    await serve();
    const { access_token, client_id, refresh_token } = await tokensFor(await arrive(t), base, { resource: url, scope: 'todo.read' });
    await postForm(`${base}/leave`, {});
    const answer = await refresh(base, client_id, refresh_token);
    same(`${answer.call}: status, error`, [answer.status, answer.json.error], [400, 'invalid_grant']);
    same('the access token from before: status', (await mcp(url, access_token)).status, 401);
  });

  test('people sign in on the page of the program', limit, async (t) => {
    module.edit('login.go', [/^$/, guide.block('login.go')]);
    module.edit('main.go', [/\t\tPeople: .*\n/, guide.block('login')], [/(?=\n\tsrv := )/, guide.block('mount')]);
    await serve();
    const seen = await connect(t);
    has('the pages that Ada saw', seen, 'Sign in to the app');
    same('how many pages she saw', seen.length, 2);
  });

  test('the operator’s commands work beside it', limit, async () => {
    const printed = await module.sh(guide.block('operate', module.places));
    matches('authwright audit', printed, /user-1/);
    matches('authwright client list', printed, /todo-server/);
  });

  test('the authorization server may have a path, and the program the rest', limit, async (t) => {
    module.edit('main.go',
      [/Issuer: {3}base,/, 'Issuer:   base + "/auth",'], [/Issuer: {8}base,/, 'Issuer:        base + "/auth",'],
      [/sqlite:authwright\.db/, 'sqlite:other.db'],
      [/(?=\n\tsrv := )/, '\tmux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })\n']);
    await serve();
    same(`GET ${base}/: status`, (await fetch(base)).status, 418);
    await module.sh(guide.block('check', module.places));
    has('the pages that Ada saw', await connect(t), 'Sign in to the app');
  });

  test('every block of the page was used', () => {
    same('unused blocks', guide.unused(), []);
  });
});
