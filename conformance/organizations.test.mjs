// organizations.test.mjs: an admin invites somebody by mail, who makes an account; a member switches, and an app asks for
// the organization they chose.

import { after, before, describe, test } from 'node:test';
import { closeBrowser, Person } from './lib/browser.mjs';
import { matches, same } from './lib/check.mjs';
import { ada, bob, startDemo } from './lib/demo.mjs';
import { authorizeURL, pkce } from './lib/oauth.mjs';
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

  // mailed is the address in the newest mail of the demo, once that is the one with the subject.
  async function mailed(subject) {
    const page = await cleo.context.newPage();
    const newest = page.getByRole('listitem').first();
    await until(`the newest mail is ${subject}`, async () => {
      await page.goto(`${demo.origin}/demo/mail`);
      return await newest.count() > 0 && subject.test(await newest.getByRole('heading').innerText());
    });
    const link = await newest.getByRole('link').getAttribute('href');
    await page.close();
    return link;
  }

  test('somebody invited makes an account; the link is for their address and for once', limit, async () => {
    const page = await admin.context.newPage();
    await page.goto(adminPage());
    await page.getByLabel('Email of whom to invite').fill('cleo@example.com');
    await page.getByLabel('Role').selectOption('member');
    await page.getByRole('button', { name: 'Send invitation' }).click();
    await page.getByRole('status').waitFor();
    await page.close();
    const link = await mailed(/You are invited to Acme/);

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
});
