// organizations.test.mjs: an organization runs itself: an admin invites somebody by mail, who makes an account; who has an
// address in its domain joins by it; a member switches; members ask for an app, and an admin decides and ends it.

import { after, before, describe, test } from 'node:test';
import { closeBrowser, Person } from './lib/browser.mjs';
import { Callback } from './lib/callback.mjs';
import { matches, same } from './lib/check.mjs';
import { ada, bob, startDemo } from './lib/demo.mjs';
import { serveDNS } from './lib/dns.mjs';
import { authorizeURL, introspect, pkce, redeem, refresh, registered } from './lib/oauth.mjs';
import { until } from './lib/until.mjs';

const limit = { timeout: 60_000 };

describe('organizations', { concurrency: false }, () => {
  let demo, admin, member, cleo;
  before(async () => {
    demo = await startDemo();
    [admin, member, cleo] = [await Person.arrive(ada), await Person.arrive(bob), await Person.arrive({ email: 'cleo@example.com', password: 'a-long-password-of-cleo' })];
    await signIn(admin, ada);
    await signIn(member, bob);
  });
  after(async () => {
    for (const person of [admin, member, cleo]) await person?.leave();
    await demo?.stop();
    await closeBrowser();
  });

  async function signIn(person, { email, password }) {
    const page = await person.context.newPage();
    await page.goto(`${demo.issuer}/login`);
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
    await page.close();
  }

  const adminPage = () => `${demo.issuer}/account/organizations/admin?org=acme`;

  // mailed is the newest mail of the demo, once it is the one to that address with the subject.
  async function mailed(to, subject) {
    const page = await cleo.context.newPage();
    const newest = page.getByRole('listitem').first();
    await until(`the newest mail is ${subject}, to ${to}`, async () => {
      await page.goto(`${demo.origin}/demo/mail`);
      return await newest.count() > 0 && subject.test(await newest.getByRole('heading').innerText()) && (await newest.innerText()).includes(`To ${to} at`);
    });
    const link = newest.getByRole('link');
    const mail = { words: await newest.innerText(), link: (await link.count()) > 0 ? await link.getAttribute('href') : undefined };
    await page.close();
    return mail;
  }

  test('somebody invited makes an account; the link is for their address and for once', limit, async () => {
    const page = await admin.context.newPage();
    await page.goto(adminPage());
    await page.getByLabel('Their email').fill('cleo@example.com');
    await page.getByLabel('Role').selectOption('member');
    await page.getByRole('button', { name: 'Send invitation' }).click();
    await page.getByRole('status').waitFor();
    await page.close();
    const { link } = await mailed('cleo@example.com', /You are invited to Acme/);

    const wrong = await member.context.newPage();
    await wrong.goto(link);
    await wrong.getByRole('heading', { name: 'This invitation is for another address' }).waitFor();
    same('ways to join with another address', await wrong.getByRole('button').count(), 0);

    const hers = await cleo.context.newPage();
    await hers.goto(link);
    await hers.getByLabel('Name').fill('Cleo');
    await hers.getByLabel('Password').fill('a-long-password-of-cleo');
    await hers.getByRole('button', { name: 'Create account and join' }).click();
    await hers.getByRole('heading', { level: 1, name: 'Your organizations' }).waitFor();
    matches('where she belongs', await hers.locator('main').innerText(), /Acme[\s\S]*member/);
    await hers.close();

    await wrong.goto(link);
    await wrong.getByRole('heading', { name: 'This invitation can’t be used' }).waitFor();
    await wrong.close();
  });

  test('the page of an admin is not there for a member', limit, async () => {
    const page = await member.context.newPage();
    same('a member at the admin’s page', (await page.goto(adminPage())).status(), 404);
    await page.close();
  });

  test('the organization a member switched to is chosen first when an app asks', limit, async () => {
    const page = await member.context.newPage();
    await page.goto(`${demo.issuer}/account/organizations`);
    await page.getByRole('listitem').filter({ hasText: 'Globex' }).getByRole('button', { name: 'Switch to it' }).click();
    await page.getByRole('status').waitFor();
    const request = () => authorizeURL(demo.issuer, {
      client_id: 'demo-public', redirect_uri: 'http://127.0.0.1/callback', state: 's', code_challenge: pkce().challenge, resource: demo.okr, scope: 'okr.read',
    });
    const chosen = page.locator('[aria-current="true"]');
    await page.goto(String(await request()));
    matches('the organization that is chosen first', await chosen.innerText(), /Globex/);
    await page.goto(`${demo.issuer}/account/organizations`);
    await page.getByRole('listitem').filter({ hasText: 'Acme' }).getByRole('button', { name: 'Switch to it' }).click();
    await page.getByRole('status').waitFor();
    await page.goto(String(await request()));
    matches('the organization that is chosen first', await chosen.innerText(), /Acme/);
    await page.close();
  });

  test('who has an address in the organization’s domain belongs to it when they sign up', limit, async (t) => {
    const domain = 'acme-people.com';
    const added = await demo.operate('org', 'domain', 'add', 'acme', domain, '--join', '--role', 'member');
    const [, name, text] = /(\S+) TXT "(.*)"/.exec(added);
    const dns = await serveDNS({ [name]: text });
    t.after(() => dns.close());
    await demo.operate('org', 'domain', 'verify', 'acme', domain, '--resolver', dns.address);
    const dora = await Person.arrive();
    t.after(() => dora.leave());
    for (const [email, belongs] of [[`dora@${domain}`, true], [`dora@not-${domain}`, false]]) {
      await dora.context.clearCookies();
      const page = await dora.context.newPage();
      await page.goto(`${demo.issuer}/login/sign-up`);
      await page.getByLabel('Email').fill(email);
      await page.getByLabel('Name').fill('Dora');
      await page.getByLabel('Password').fill('a-long-password-of-dora');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Check your email' }).waitFor();
      const { words } = await mailed(email, /Confirm your address/);
      await page.getByLabel('Code').fill(words.match(/\b\d{4} \d{4}\b/)[0]);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
      await page.goto(`${demo.issuer}/account/organizations`);
      matches(`where ${email} belongs`, await page.locator('main').innerText(), belongs ? /Acme\s+Your role: member/ : /You belong to no organization/);
      await page.close();
    }
  });

  // wish is bob's request for okr by a new app, at the page that lets him ask for it.
  async function wish(t, client_name) {
    const callback = await Callback.listen();
    t.after(() => callback.close());
    const client_id = await registered(demo.issuer, callback.uri, { client_name });
    const { verifier, challenge } = pkce();
    const page = await member.context.newPage();
    t.after(() => page.close());
    await page.goto(String(authorizeURL(demo.issuer, {
      client_id, redirect_uri: callback.uri, state: 's', code_challenge: challenge, resource: demo.okr, scope: 'okr.read',
    })));
    await page.getByLabel('Why you need it').fill('For the weekly report');
    same('buttons to allow', await page.getByRole('button', { name: 'Allow', exact: true }).count(), 0);
    await page.getByRole('button', { name: 'Ask for approval' }).click();
    await page.getByRole('heading', { name: 'Waiting for approval' }).waitFor();
    matches('what he is told', await page.locator('main').innerText(), /we’ll mail you/);
    return { page, callback, client_id, redirect_uri: callback.uri, verifier };
  }

  // decide is what ada answers, on the page that the mail leads to.
  async function decide(app, answer) {
    const { link } = await mailed(ada.email, /waits for your approval/);
    const page = await admin.context.newPage();
    await page.goto(link);
    const item = page.getByRole('listitem').filter({ hasText: app });
    matches('what waits', await item.innerText(), /bob@example\.com[\s\S]*For the weekly report/);
    await item.getByRole('button', { name: answer }).click();
    await page.getByRole('status').waitFor();
    await page.close();
  }

  test('a member asks for an app; an admin approves it, and later ends it', limit, async (t) => {
    await demo.operate('org', 'policy', 'acme', '--self-registered', 'approve');
    const asked = await wish(t, 'Report maker');
    await decide('Report maker', 'Approve');
    await mailed(bob.email, /Your app is approved/);
    await asked.page.reload();
    await asked.page.getByRole('button', { name: 'Allow', exact: true }).click();
    const code = (await asked.callback.next(asked.page)).get('code');
    const tokens = (await redeem(demo.issuer, { ...asked, code })).json;
    same('its token counts', (await introspect(demo.issuer, tokens.access_token)).json.active, true);

    const page = await admin.context.newPage();
    t.after(() => page.close());
    await page.goto(adminPage());
    const item = page.locator('.connections > li').filter({ hasText: 'Report maker' });
    await item.getByRole('button', { name: 'End access for bob@example.com' }).click();
    await page.getByRole('status').waitFor();
    same('apps of that name afterwards', await item.count(), 0);
    same('introspection afterwards', (await introspect(demo.issuer, tokens.access_token)).json, { active: false });
    const dead = await refresh(demo.issuer, asked.client_id, tokens.refresh_token);
    same('a refresh afterwards', [dead.status, dead.json?.error], [400, 'invalid_grant']);
  });

  test('an app that an admin refuses stays out, and nobody can ask for it again', limit, async (t) => {
    const asked = await wish(t, 'Time waster');
    await decide('Time waster', 'Refuse');
    await mailed(bob.email, /was not approved/);
    await asked.page.reload();
    matches('what he is told', await asked.page.locator('main').innerText(), /An admin of Acme decided not to let this app in/);
    same('ways to ask or to allow', await asked.page.getByRole('button', { name: /Ask|Allow/ }).count(), 0);
    await asked.page.getByRole('button', { name: 'Deny' }).click();
    same('what the app is told', (await asked.callback.next(asked.page)).get('error'), 'access_denied');
  });
});
