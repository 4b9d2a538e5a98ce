// upstream.test.mjs: people come by other providers: a real OpenID provider, GitHub, and the sign-in of an organization.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { axe, looks } from './lib/axe.mjs';
import { closeBrowser, Person } from './lib/browser.mjs';
import { matches, same } from './lib/check.mjs';
import { ada, bob, startDemo } from './lib/demo.mjs';
import { serveDNS } from './lib/dns.mjs';
import { authorizeURL, pkce } from './lib/oauth.mjs';
import { freePort } from './lib/process.mjs';
import { GitHub, IdP } from './lib/providers.mjs';

const limit = { timeout: 60_000 };
const cleo = { sub: '17', name: 'Cleo Park', email: 'cleo@elsewhere.example', email_verified: true };

describe('other providers', { concurrency: false }, () => {
  let demo, idp, sso, hub, secret;
  const people = [];
  before(async () => {
    const port = await freePort();
    const client = (name) => ({ client_id: 'authwright', client_secret: 'a-secret', redirect_uris: [`http://127.0.0.1:${port}/login/from/${name}`] });
    [idp, sso] = [await IdP.serve(client('example'), cleo), await IdP.serve(client('acme-sso'), { sub: '1', name: 'Dee', email: 'dee@acme.example', email_verified: true })];
    hub = await GitHub.serve({ id: 583231, login: 'octocat', name: 'Octo Cat' }, [{ email: 'octo@elsewhere.example', primary: true, verified: true }]);
    demo = await startDemo({ port });
    secret = join(demo.data, 'secret');
    writeFileSync(secret, 'a-secret\n', { mode: 0o600 });
    await provide('example', 'oidc', idp, '--name', 'Example ID', '--create', 'on');
    await provide('github', 'github', hub, '--create', 'on');
    await own('acme', 'acme.example');
    await provide('acme-sso', 'oidc', sso, '--name', 'Acme SSO', '--org', 'acme', '--create', 'on');
  });
  after(async () => {
    for (const person of people) await person.leave();
    for (const provider of [idp, sso, hub]) await provider?.close();
    await demo?.stop(/Down ID does not answer/);
    await closeBrowser();
  });

  const provide = (name, kind, { issuer }, ...more) =>
    demo.operate('provider', 'add', name, '--kind', kind, '--issuer', issuer, '--client-id', 'authwright', '--client-secret-file', secret, ...more);

  // own makes a domain an organization's, by the DNS record that the operator is told to make.
  async function own(org, domain) {
    const told = await demo.operate('org', 'domain', 'add', org, domain, '--join', '--role', 'member');
    const [, name, text] = /(\S+) TXT "(.*)"/.exec(told);
    const dns = await serveDNS({ [name]: text });
    await demo.operate('org', 'domain', 'verify', org, domain, '--resolver', dns.address);
    await dns.close();
  }

  async function somebody(account) {
    const person = await Person.arrive(account);
    people.push(person);
    return person;
  }

  const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();
  const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

  async function signIn(page, { email, password }) {
    await page.goto(`${demo.issuer}/login`);
    await page.getByLabel('Email', { exact: true }).fill(email);
    if (password) await page.getByLabel('Password', { exact: true }).fill(password);
    await press(page, 'Sign in');
  }

  const request = (fields) => authorizeURL(demo.issuer, {
    client_id: 'demo-public', redirect_uri: 'http://127.0.0.1/callback', state: 's', code_challenge: pkce().challenge, resource: demo.todo, scope: 'todo.read', ...fields,
  });

  test('“Continue with” an OpenID provider makes an account in the middle of an authorization, and is the same next time', limit, async () => {
    for (const _ of ['for the first time', 'again, in another browser']) {
      const page = await (await somebody()).context.newPage();
      await page.goto(String(await request()));
      await press(page, 'Continue with Example ID');
      await page.getByRole('button', { name: 'Allow', exact: true }).waitFor();
      matches('who is asked', await page.locator('main').innerText(), /cleo@elsewhere\.example/);
    }
    const list = JSON.parse(await demo.operate('user', 'list', '--json'));
    same('accounts with her address', list.filter(({ email }) => email === cleo.email).length, 1);
  });

  test('“Continue with GitHub” makes an account by its number', limit, async () => {
    const page = await (await somebody()).context.newPage();
    await page.goto(`${demo.issuer}/login`);
    await press(page, 'Continue with GitHub');
    await heading(page, 'Your account');
    hub.user = { ...hub.user, login: 'renamed' };
    const again = await (await somebody()).context.newPage();
    await again.goto(`${demo.issuer}/login`);
    await press(again, 'Continue with GitHub');
    await heading(again, 'Your account');
    matches('who it is', await again.locator('main').innerText(), /octo@elsewhere\.example/);
  });

  test('an address alone opens no account; its owner connects the provider, comes by it, and disconnects it', limit, async () => {
    idp.who = { ...cleo, sub: '18', email: ada.email };
    const stranger = await (await somebody()).context.newPage();
    await stranger.goto(`${demo.issuer}/login`);
    await press(stranger, 'Continue with Example ID');
    await heading(stranger, 'There is an account with your email');
    matches('what to do', await stranger.locator('main').innerText(), /sign in the way you did before\. Then connect Example ID/i);
    await looked(stranger, 'an account is there');

    const page = await (await somebody()).context.newPage();
    await signIn(page, ada);
    await heading(page, 'Your account');
    await page.goto(`${demo.issuer}/account/login`);
    await press(page, 'Connect Example ID');
    await page.getByText('It is connected. You can sign in with it.').waitFor();
    await looked(page, 'linked accounts');

    await stranger.goto(`${demo.issuer}/login`);
    await press(stranger, 'Continue with Example ID');
    await heading(stranger, 'Your account');
    matches('whose account it is', await stranger.locator('main').innerText(), /ada@example\.com/);

    await press(page, 'Disconnect');
    await page.getByText('It is disconnected').waitFor();
    const later = await (await somebody()).context.newPage();
    await later.goto(`${demo.issuer}/login`);
    await press(later, 'Continue with Example ID');
    await heading(later, 'There is an account with your email');
    idp.who = cleo;
  });

  test('a typed address leads to the sign-in of its organization, and to a consent for that organization', limit, async () => {
    const page = await (await somebody()).context.newPage();
    await page.goto(String(await request({ resource: demo.okr, scope: 'okr.read' })));
    await looked(page, 'sign in with several');
    await page.getByLabel('Email', { exact: true }).fill('dee@acme.example');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Allow', exact: true }).waitFor();
    same('login_hint', sso.asked.at(-1).login_hint, 'dee@acme.example');
    matches('for whom', await page.locator('main').innerText(), /Acme/);
    await page.goto(`${demo.issuer}/account/organizations`);
    matches('where she belongs', await page.locator('main').innerText(), /Acme[\s\S]*member/);
  });

  test('an organization’s provider speaks for nobody else', limit, async () => {
    const dee = sso.who;
    sso.who = { ...dee, sub: '2', email: bob.email };
    const page = await (await somebody()).context.newPage();
    await signIn(page, { email: 'dee@acme.example' });
    await heading(page, 'Acme SSO can’t sign you in here');
    await looked(page, 'an organization’s provider is refused');
    sso.who = dee;
  });

  test('where it is required, a password leads there, right or wrong', limit, async () => {
    const local = { email: 'eli@acme.example', password: 'a-long-password-of-eli' };
    await demo.operateWith(local.password, 'user', 'create', local.email, '--name', 'Eli', '--email-verified', '--password-stdin');
    const page = await (await somebody()).context.newPage();
    await signIn(page, local);
    await heading(page, 'Your account'); // it is not required yet
    await demo.operate('provider', 'set', 'acme-sso', '--required', 'on');
    sso.who = { sub: '3', name: 'Eli', email: local.email, email_verified: true };
    for (const password of [local.password, 'wrong']) {
      const before = sso.asked.length;
      const other = await (await somebody()).context.newPage();
      await signIn(other, { ...local, password });
      await heading(other, 'Your account');
      same('times that Acme SSO asked', sso.asked.length, before + 1);
      matches('who it is', await other.locator('main').innerText(), /eli@acme\.example/);
    }
  });

  test('a provider that is down gives a clear page, and hinders nothing else', limit, async () => {
    await sso.close();
    const page = await (await somebody()).context.newPage();
    await demo.operate('provider', 'add', 'down', '--kind', 'oidc', '--name', 'Down ID', '--issuer', sso.issuer, '--client-id', 'c');
    await page.goto(`${demo.issuer}/login`);
    await press(page, 'Continue with Down ID');
    await heading(page, 'Down ID does not answer');
    await looked(page, 'a provider is down');
    await signIn(page, ada);
    await heading(page, 'Your account');
  });

  async function looked(page, name) {
    for (const look of looks) await axe(page, name, look);
  }
});
