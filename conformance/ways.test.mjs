// ways.test.mjs: people come in without a password of ours: they make an account, sign in by mail, choose a new password.

import { after, before, describe, test } from 'node:test';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, matches } from './lib/check.mjs';
import { startDemo } from './lib/demo.mjs';
import { authorizeURL, pkce } from './lib/oauth.mjs';
import { until } from './lib/until.mjs';

const limit = { timeout: 60_000 };
const account = { email: 'cleo@example.com', password: 'a-long-password-of-cleo' };

describe('ways to log in', { concurrency: false }, () => {
  let demo, cleo, other;
  before(async () => {
    demo = await startDemo();
    [cleo, other] = [await Person.arrive(account), await Person.arrive(account)];
  });
  after(async () => {
    await cleo?.leave();
    await other?.leave();
    await demo?.stop();
    await closeBrowser();
  });

  const request = () => authorizeURL(demo.issuer, {
    client_id: 'demo-public', redirect_uri: 'http://127.0.0.1/callback', state: 's', code_challenge: pkce().challenge, resource: demo.todo, scope: 'todo.read',
  });

  // mail is the newest mail of the demo, once it is the one with that subject: its code, and the address in it. Mails
  // are sent behind the answer, so that nobody can tell by the time whether there was one.
  async function mail(subject) {
    const page = await other.context.newPage();
    try {
      const newest = page.getByRole('listitem').first();
      await until(`the newest mail is ${subject}`, async () => {
        await page.goto(`${demo.origin}/demo/mail`);
        return await newest.count() > 0 && subject.test(await newest.getByRole('heading').innerText());
      });
      const words = await newest.innerText();
      return { code: words.match(/\b\d{4} \d{4}\b/)?.[0], link: await newest.getByRole('link').getAttribute('href') };
    } finally {
      await page.close();
    }
  }

  test('somebody makes an account in the middle of an authorization, by keyboard, and goes on', limit, async () => {
    const page = await cleo.context.newPage();
    await page.goto(String(await request()));
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByRole('heading', { name: 'Create an account' }).waitFor();
    await page.locator('input:focus').waitFor(); // the first field has the focus
    await page.keyboard.type(account.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type('Cleo');
    await page.keyboard.press('Tab');
    await page.keyboard.type(account.password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Check your email' }).waitFor();
    const { code } = await mail(/Confirm your address/);
    await page.locator('input:focus').waitFor();
    await page.keyboard.type(code);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Allow', exact: true }).waitFor();
    matches('who is asked', await page.locator('main').innerText(), /cleo@example\.com/);
    await page.close();
  });

  test('a mailed link signs in where it was asked for, and nowhere else', limit, async () => {
    const page = await cleo.context.newPage();
    await cleo.context.clearCookies();
    await page.goto(`${demo.issuer}/login/email`);
    await page.getByLabel('Email').fill(account.email);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Check your email' }).waitFor();
    const { link } = await mail(/sign-in code/);
    const elsewhere = await other.context.newPage();
    await elsewhere.goto(link);
    holds('buttons in another browser', await elsewhere.getByRole('button').count(), (await elsewhere.getByRole('button').count()) === 0, 'none');
    await elsewhere.close();
    await page.goto(link);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
    await page.close();
  });

  test('a forgotten password is replaced, and everybody is signed out', limit, async () => {
    const page = await cleo.context.newPage();
    await page.goto(`${demo.issuer}/login/reset`);
    await page.getByLabel('Email').fill(account.email);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Check your email' }).waitFor();
    await page.goto((await mail(/new password/)).link);
    await page.getByLabel('New password').fill('another-long-password');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('Email').fill(account.email);
    await page.getByLabel('Password').fill('another-long-password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
    await mail(/password was changed/);
    await page.close();
  });
});
