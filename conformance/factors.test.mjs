// factors.test.mjs: people have a second factor, clients ask for it, and browsers are signed out.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { Authenticator } from './lib/authenticator.mjs';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, matches, same } from './lib/check.mjs';
import { ada, bob, startDemo } from './lib/demo.mjs';
import { authorizeURL, claimsOf, metadata, pkce, redeem } from './lib/oauth.mjs';
import { readQR } from './lib/qr.mjs';

const limit = { timeout: 150_000 };
const twoFactors = 'urn:authwright:acr:2fa';
const callback = 'http://127.0.0.1/callback';

describe('second factors', { concurrency: false }, () => {
  let demo, app, recovery; // ada's
  before(async () => {
    demo = await startDemo();
  });
  after(async () => {
    await demo?.stop();
    await closeBrowser();
  });

  /** arrive is a page in a browser of its own. */
  async function arrive(t) {
    const person = await Person.arrive();
    t.after(() => person.leave());
    await person.context.route((url) => String(url).startsWith(callback), (route) => route.fulfill({ body: 'the client' }));
    return person.context.newPage();
  }

  const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();
  const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

  async function password(page, account, issuer = demo.issuer) {
    if (!page.url().startsWith(issuer)) await page.goto(`${issuer}/login`);
    await page.getByLabel('Email', { exact: true }).fill(account.email);
    await page.getByLabel('Password', { exact: true }).fill(account.password);
    await press(page, 'Sign in');
  }

  async function enter(page, code) {
    await page.getByLabel(/^(Code from your app|Recovery code)$/).fill(code);
    await press(page, 'Continue');
  }

  /** turnOn sets up the app whose secret the page shows, and returns it with the recovery codes. */
  async function turnOn(page) {
    await heading(page, 'Set up an authenticator app');
    await page.getByText('It can’t be scanned?').click();
    const spelled = await page.locator('.secret').innerText();
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      const scanned = new URL(await readQR(page.locator('.qr')));
      same(`what a camera reads, ${colorScheme}`, [scanned.protocol, scanned.host, scanned.searchParams.get('secret')], ['otpauth:', 'totp', spelled.replaceAll(' ', '')]);
    }
    const fresh = new Authenticator(spelled);
    await page.getByLabel('Code from your app').fill(fresh.wrong());
    await press(page, 'Turn it on');
    await page.getByText('That is not the code').waitFor();
    await page.getByLabel('Code from your app').fill(await fresh.code());
    await press(page, 'Turn it on');
    await heading(page, 'Your recovery codes');
    return { app: fresh, recovery: await page.getByRole('listitem').allInnerTexts() };
  }

  /** ask opens an authorization; redeemed allows it and reads the tokens. */
  async function ask(page, fields = {}, { issuer = demo.issuer, resource = demo.todo } = {}) {
    const { verifier, challenge } = pkce();
    await page.goto(String(authorizeURL(issuer, {
      client_id: 'demo-public', redirect_uri: callback, state: 's', code_challenge: challenge, resource, scope: 'openid todo.read', prompt: 'consent', ...fields,
    })));
    return { issuer, verifier };
  }

  /** atClient waits until the browser is at the client, and returns what it brought. */
  async function atClient(page) {
    await page.waitForURL((url) => String(url).startsWith(callback));
    return new URL(page.url()).searchParams;
  }

  async function redeemed(page, { issuer, verifier }) {
    await press(page, 'Allow');
    const code = (await atClient(page)).get('code');
    const { json } = await redeem(issuer, { code, client_id: 'demo-public', redirect_uri: callback, verifier });
    return { id: claimsOf(json.id_token).claims, access: claimsOf(json.access_token).claims };
  }

  test('an authenticator app is set up, and another browser is out at its next request', limit, async (t) => {
    const [page, other] = [await arrive(t), await arrive(t)];
    await password(other, ada);
    await heading(other, 'Your account');
    await password(page, ada);
    await heading(page, 'Your account');
    await page.goto(`${demo.issuer}/account/login`);
    await page.getByRole('link', { name: 'Set up an authenticator app' }).click();
    ({ app, recovery } = await turnOn(page));
    same('recovery codes', recovery.length, 10);
    await page.getByRole('link', { name: 'I have written them down' }).click();
    await page.getByText('You have 10 of 10 left').waitFor();
    await other.goto(`${demo.issuer}/account`);
    await heading(other, 'Sign in');
  });

  test('both factors sign in: a code once, a recovery code once', limit, async (t) => {
    const page = await arrive(t);
    await password(page, ada);
    await heading(page, 'One more step');
    await page.goto(`${demo.issuer}/account`); // which is not there for one factor
    await heading(page, 'Sign in');
    await password(page, ada);
    await enter(page, app.wrong());
    await page.getByText('That code is wrong or was used already').waitFor();
    await enter(page, app.again());
    await page.getByText('That code is wrong or was used already').waitFor();
    await enter(page, await app.code());
    await heading(page, 'Your account');
    for (const [code, then] of [[recovery[0], 'Your account'], [recovery[0].toUpperCase(), 'One more step'], [recovery[1], 'Your account']]) {
      await page.context().clearCookies();
      await page.goto(`${demo.issuer}/login`);
      await byRecovery(page, code);
      if (then === 'One more step') await page.getByText('That recovery code is wrong or was used already').waitFor();
      await heading(page, then);
    }
    await page.goto(`${demo.issuer}/account/login`);
    await page.getByText('You have 8 of 10 left').waitFor();
  });

  test('a client that asks for two factors gets them, and is told', limit, async (t) => {
    const page = await arrive(t);
    same('acr_values_supported', (await metadata(demo.issuer)).acr_values_supported, ['urn:authwright:acr:1fa', twoFactors, 'phr']);
    await password(page, bob); // who has one
    await heading(page, 'Your account');
    const plain = await redeemed(page, await ask(page));
    same('acr for one factor', [plain.id.acr, plain.access.acr, plain.id.amr], ['urn:authwright:acr:1fa', 'urn:authwright:acr:1fa', ['pwd']]);
    const asked = await ask(page, { acr_values: twoFactors });
    await heading(page, 'One more step is needed');
    await page.getByRole('link', { name: 'Set up an authenticator app' }).click();
    const { app: bobs, recovery: written } = await turnOn(page);
    await page.getByRole('link', { name: 'I have written them down' }).click();
    const strong = await redeemed(page, asked); // back at what was asked for
    same('acr for two factors', [strong.id.acr, strong.access.acr, strong.id.amr], [twoFactors, twoFactors, ['pwd', 'otp', 'mfa']]);
    await page.context().clearCookies();
    const essential = await ask(page, { claims: JSON.stringify({ id_token: { acr: { essential: true, values: [twoFactors] } } }) });
    await password(page, bob);
    await enter(page, await bobs.code());
    same('acr for an essential claim', (await redeemed(page, essential)).id.acr, twoFactors);
    await page.goto(`${demo.issuer}/account/login`);
    await press(page, 'Remove the app and its recovery codes');
    await page.getByText('Your authenticator app and your recovery codes are removed').waitFor();
    same('codes of bob', written.length, 10);
  });

  test('who does not set one up goes back to the client, which is told why', limit, async (t) => {
    const page = await arrive(t);
    await ask(page, { acr_values: twoFactors });
    await password(page, bob);
    await heading(page, 'One more step is needed');
    await press(page, 'Not now, go back to the app');
    same('error', (await atClient(page)).get('error'), 'unmet_authentication_requirements');
  });

  test('where the operator requires it, nothing is given before', limit, async (t) => {
    await demo.operate('project', 'set', 'north', '--second-factor', 'required');
    const page = await arrive(t);
    const north = { issuer: demo.north.issuer, resource: demo.north.todo };
    const asked = await ask(page, {}, north); // the settings are noticed within 15 s; what follows shows which it was
    await password(page, ada, north.issuer);
    const setUp = page.getByRole('heading', { level: 1, name: 'One more step is needed' });
    await page.getByRole('heading', { level: 1 }).waitFor();
    let under = asked;
    for (let i = 0; i < 200 && (await setUp.count()) === 0; i++) under = await ask(page, {}, north);
    await page.getByRole('link', { name: 'Set up an authenticator app' }).click();
    const { app: theirs } = await turnOn(page);
    await page.getByRole('link', { name: 'I have written them down' }).click();
    same('acr', (await redeemed(page, under)).access.acr, twoFactors);
    await page.context().clearCookies();
    await wrongTwentyTimes(page, theirs, north.issuer);
  });

  /** wrongTwentyTimes guesses: five times a login, twenty times an hour, and then the right code is not looked at. */
  async function wrongTwentyTimes(page, theirs, issuer) {
    for (let login = 0; login < 4; login++) {
      await page.goto(`${issuer}/login`);
      await password(page, ada, issuer);
      for (let i = 0; i < 5; i++) {
        await enter(page, theirs.wrong());
        await page.getByText('That code is wrong or was used already').waitFor();
      }
      if (login === 0) {
        await enter(page, await theirs.code());
        await heading(page, 'Sign in again');
      }
    }
    await page.goto(`${issuer}/login`);
    await password(page, ada, issuer);
    await enter(page, await theirs.code());
    await page.getByText(/Too many codes were wrong\. Try again in \d+ minutes\./).waitFor();
    same('cookies of a session', (await page.context().cookies()).filter((c) => c.name.includes('session')).length, 0);
  }

  test('a browser is signed out from another, and all of them by a new password', limit, async (t) => {
    const pages = [await arrive(t), await arrive(t), await arrive(t)];
    for (const page of pages) {
      await password(page, bob);
      await heading(page, 'Your account');
    }
    const [here, there, elsewhere] = pages;
    await here.goto(`${demo.issuer}/account/sessions`);
    const open = await here.getByRole('button', { name: 'Sign out', exact: true }).count();
    holds('browsers to sign out', open, open >= 2, 'at least the two others');
    await here.getByRole('button', { name: 'Sign out', exact: true }).first().click();
    await here.getByText('Signed out there.').waitFor();
    const out = [];
    for (const page of [there, elsewhere]) {
      await page.goto(`${demo.issuer}/account`);
      out.push(await page.getByRole('heading', { level: 1 }).innerText());
    }
    matches('headings in the two others', out.sort().join(', '), /^Sign in, Your account$/);
    await here.goto(`${demo.issuer}/account/login`);
    await here.getByLabel('Current password').fill('not-the-password');
    await here.getByLabel('New password').fill('another-long-password');
    await press(here, 'Change password');
    await here.getByText('That is not the password you have now').waitFor();
    await here.getByLabel('Current password').fill(bob.password);
    await here.getByLabel('New password').fill('another-long-password');
    await press(here, 'Change password');
    await here.getByText('Your password is changed. Every other browser was signed out.').waitFor();
    for (const page of [there, elsewhere]) {
      await page.goto(`${demo.issuer}/account`);
      await heading(page, 'Sign in');
    }
    await here.goto(`${demo.issuer}/account`);
    await heading(here, 'Your account');
  });

  test('who signed in long ago confirms that it is them before they change anything', limit, async (t) => {
    const page = await arrive(t);
    await page.goto(`${demo.issuer}/login`);
    await byRecovery(page, recovery[2]);
    await heading(page, 'Your account');
    await page.goto(`${demo.issuer}/account/login`);
    const change = page.getByRole('button', { name: 'Make new codes' });
    await change.waitFor();
    const db = new DatabaseSync(join(demo.data, 'authwright.db'));
    db.exec('update sessions set auth_at = auth_at - 11 * 60 * 1000'); // as if eleven minutes had gone by
    db.close();
    await change.click();
    await heading(page, 'Confirm it’s you');
    await page.goto(`${demo.issuer}/account/login`);
    same('forms to make new codes', await change.count(), 0);
    await page.getByRole('link', { name: 'Confirm it’s you' }).click();
    await byRecovery(page, recovery[3]);
    await heading(page, 'How you sign in');
    await change.click();
    await heading(page, 'Your recovery codes');
    const fresh = await page.getByRole('listitem').allInnerTexts();
    same('codes of before among the new', fresh.filter((code) => recovery.includes(code)), []);
  });

  async function byRecovery(page, code) {
    await password(page, ada);
    await page.getByRole('link', { name: 'Use a recovery code' }).click();
    await enter(page, code);
  }
});
