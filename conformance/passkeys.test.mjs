// passkeys.test.mjs: people sign in with passkeys of Chromium's virtual authenticator. Browsers bind passkeys to names,
// not to addresses, so the demo is at localhost.

import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { axe, looks } from './lib/axe.mjs';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, matches, same } from './lib/check.mjs';
import { ada, bob, startDemo } from './lib/demo.mjs';
import { authorizeURL, pkce } from './lib/oauth.mjs';
import { freePort } from './lib/process.mjs';
import { until } from './lib/until.mjs';

const limit = { timeout: 60_000 };
const finn = { email: 'finn@example.com', password: 'a-password-of-finn' }; // who has no passkey
const binary = resolve(process.env.AUTHWRIGHT_BIN ?? resolve(import.meta.dirname, '../bin/authwright'));

/** device gives a page an authenticator whose PIN or finger is always right. */
async function device(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  return {
    keys: async () => (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    put: (credential) => session.send('WebAuthn.addCredential', { authenticatorId, credential }),
    clear: () => session.send('WebAuthn.clearCredentials', { authenticatorId }),
  };
}

describe('passkeys', { concurrency: false }, () => {
  let demo, issuer, command;
  before(async () => {
    const port = await freePort();
    issuer = `http://localhost:${port}`;
    demo = await startDemo({ port, args: ['--issuer', issuer] });
    command = (...args) => execFileSync(binary, args, {
      encoding: 'utf8',
      input: `${finn.password}\n`, // to commands that ask for one
      env: { PATH: process.env.PATH, AUTHWRIGHT_ISSUER: issuer, AUTHWRIGHT_DATABASE: `sqlite:${demo.data}/authwright.db`, AUTHWRIGHT_KEY_FILE: `${demo.data}/kek` },
    });
  });
  after(async () => {
    await demo?.stop();
    await closeBrowser();
  });

  /**
   * arrive is somebody at a page of their own, with a device. Chromium's device takes an offer at the email field at
   * once; so only where that is the question there is one.
   */
  async function arrive(t, { atField = false } = {}) {
    const person = await Person.arrive();
    t.after(() => person.leave());
    const page = await person.context.newPage();
    if (!atField) await page.addInitScript(() => { PublicKeyCredential.isConditionalMediationAvailable = async () => false; });
    return { person, page, device: await device(page) };
  }

  async function byPassword(page, account) {
    await page.goto(`${issuer}/login`);
    await page.getByLabel('Email').fill(account.email);
    await page.getByLabel('Password').fill(account.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
  }

  async function add(page, name) {
    await page.goto(`${issuer}/account/login`);
    await page.getByLabel('Name of the new passkey').fill(name);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('Your passkey is ready').waitFor();
    await page.getByRole('heading', { level: 3, name }).first().waitFor();
  }

  async function byPasskey(page) {
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  }

  const atHome = (page) => page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
  const whoIsIn = async (page) => (await page.goto(`${issuer}/account`), page.locator('main').innerText());

  const authorization = () => authorizeURL(issuer, {
    client_id: 'demo-public', redirect_uri: 'http://127.0.0.1/callback', state: 's', code_challenge: pkce().challenge, resource: `${issuer}/todo/mcp`, scope: 'todo.read',
  });

  test('one is added on the account page, and signs in by the button, in the middle of an authorization', limit, async (t) => {
    const { person, page, device } = await arrive(t);
    await byPassword(page, ada);
    await add(page, 'Ada’s laptop');
    same('passkeys in the device', (await device.keys()).length, 1);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('This device has a passkey for you here already.').waitFor();
    await person.context.clearCookies();
    await page.goto(String(await authorization()));
    await byPasskey(page);
    await page.getByRole('button', { name: 'Allow', exact: true }).waitFor();
    matches('who is asked', await page.locator('main').innerText(), /ada@example\.com/);
  });

  test('one is offered at the email field', limit, async (t) => {
    const { person, page } = await arrive(t, { atField: true });
    await byPassword(page, ada);
    await add(page, 'Autofill');
    await person.context.clearCookies();
    await page.goto(`${issuer}/login`);
    await atHome(page);
    matches('who is signed in', await whoIsIn(page), /ada@example\.com/);
  });

  test('one that was removed is refused, and the other ways are still there', limit, async (t) => {
    const { person, page } = await arrive(t);
    await byPassword(page, ada);
    await add(page, 'Lost phone');
    const mine = page.getByRole('listitem').filter({ has: page.getByRole('heading', { level: 3, name: 'Lost phone' }) });
    await mine.getByText('Rename').click();
    await mine.getByLabel('New name').fill('Old phone');
    await mine.getByRole('button', { name: 'Save' }).click();
    const old = page.getByRole('listitem').filter({ has: page.getByRole('heading', { level: 3, name: 'Old phone' }) });
    await old.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Your passkey is removed').waitFor();
    await person.context.clearCookies();
    await page.goto(`${issuer}/login`);
    await byPasskey(page);
    await page.getByText('That passkey can’t be used here').waitFor();
    same('cookies of somebody who is refused', (await person.context.cookies()).filter((c) => c.name.includes('session')).length, 0);
    await byPassword(page, ada);
  });

  test('somebody else’s signs in as somebody else, whatever the page says', limit, async (t) => {
    const { person, page, device } = await arrive(t);
    await byPassword(page, bob);
    await add(page, 'Bob’s laptop');
    await person.context.clearCookies();
    await page.goto(String(await authorizeURL(issuer, {
      client_id: 'demo-public', redirect_uri: 'http://127.0.0.1/callback', state: 's', code_challenge: pkce().challenge, resource: `${issuer}/todo/mcp`, scope: 'todo.read',
      login_hint: ada.email,
    })));
    await byPasskey(page);
    await until('bob is asked who he wants to be, or what he allows', async () => /bob@example\.com/.test(await page.locator('main').innerText()));
    const [credential] = await device.keys();
    await device.clear();
    const handle = Buffer.from(credential.userHandle, 'base64');
    handle[0] ^= 1; // a device that claims another owner
    await device.put({ ...credential, userHandle: handle.toString('base64') });
    await person.context.clearCookies();
    await page.goto(`${issuer}/login`);
    await byPasskey(page);
    await page.getByText('That passkey can’t be used here').waitFor();
  });

  test('one in a device with a PIN or a finger is two factors, and the client is told', limit, async (t) => {
    const { person, page } = await arrive(t);
    await byPassword(page, ada);
    await add(page, 'Key');
    await person.context.clearCookies();
    same('amr', (await signedIn(page)).amr, ['hwk', 'user', 'mfa']);
  });

  test('one is the second step for an app that asks for what nobody can imitate, after a password', limit, async (t) => {
    const { person, page } = await arrive(t);
    await byPassword(page, ada);
    await add(page, 'Second');
    await person.context.clearCookies();
    await byPassword(page, ada);
    const claims = await signedIn(page, {
      acr_values: 'phr',
      prove: async () => {
        await page.getByRole('heading', { level: 1, name: 'One more step' }).waitFor();
        await inspect(page, 'one more step, by passkey');
        await page.getByRole('button', { name: 'Use your passkey' }).click();
      },
    });
    same('acr', claims.acr, 'phr');
    same('amr', claims.amr, ['pwd', 'hwk', 'user', 'mfa']);
  });

  test('who has none is led to make one by such an app, and from there back to it', limit, async (t) => {
    command('user', 'create', '--name', 'Finn', '--password-stdin', finn.email);
    const { page } = await arrive(t);
    await byPassword(page, finn);
    const claims = await signedIn(page, {
      acr_values: 'phr',
      prove: async () => {
        await page.getByRole('heading', { level: 1, name: 'One more step is needed' }).waitFor();
        await inspect(page, 'a passkey is needed');
        await page.getByRole('link', { name: 'Make a passkey' }).click();
        await page.getByRole('heading', { level: 1, name: 'Make a passkey' }).waitFor();
        await inspect(page, 'make the passkey that is needed');
        await page.getByRole('button', { name: 'Add a passkey' }).click();
        await page.getByRole('heading', { level: 1, name: 'One more step', exact: true }).waitFor();
        await page.getByRole('button', { name: 'Use your passkey' }).click();
      },
    });
    same('acr', claims.acr, 'phr');
    same('amr', claims.amr, ['pwd', 'hwk', 'user', 'mfa']);
  });

  test('in a project without passwords and mail, a link of the operator is the way in', limit, async (t) => {
    command('project', 'set', 'north', '--password', 'off', '--email-code', 'off', '--passkeys', 'on');
    command('user', 'create', '--project', 'north', '--no-password', '--name', 'Cleo', 'cleo@example.com');
    const link = command('user', 'passkey', 'link', '--project', 'north', 'cleo@example.com').trim();
    const { person, page } = await arrive(t);
    await until('the demo knows the new settings', async () => {
      await page.goto(`${issuer}/p/north/login`);
      return await page.getByLabel('Password').count() === 0;
    });
    await page.goto(link);
    await inspect(page, 'make a passkey');
    await page.getByRole('button', { name: 'Make a passkey' }).click();
    await atHome(page);
    await page.goto(link);
    await page.getByRole('heading', { name: 'You can’t make a passkey with this link' }).waitFor();
    await page.goto(`${issuer}/p/north/account/login`);
    await page.getByText('It is your only way to sign in').waitFor();
    same('buttons to remove it', await page.getByRole('button', { name: 'Remove' }).count(), 0);
    await inspect(page, 'how one signs in');
    await person.context.clearCookies();
    await page.goto(`${issuer}/p/north/login`);
    await inspect(page, 'sign in, by passkey only');
    await byPasskey(page);
    await atHome(page);
    const list = JSON.parse(command('user', 'passkey', 'list', '--project', 'north', '--json', 'cleo@example.com'));
    same('passkeys of cleo', list.length, 1);
    holds('when it was used', list[0].used_at, Boolean(list[0].used_at), 'a time');
  });

  test('there a new account has a passkey as soon as its address is proven', limit, async (t) => {
    const { page } = await arrive(t);
    await page.goto(`${issuer}/p/north/login`);
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByLabel('Email').fill('dora@example.com');
    await page.getByLabel('Name').fill('Dora');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: 'Check your email' }).waitFor();
    const mails = await page.context().newPage();
    let code;
    await until('the mail with the code is there', async () => {
      await mails.goto(`${issuer}/demo/mail`);
      code = (await mails.locator('main').innerText()).match(/\b\d{4} \d{4}\b/)?.[0];
      return code;
    });
    await mails.close();
    await page.getByLabel('Code').fill(code);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Make a passkey' }).click();
    await atHome(page);
    matches('who is signed in', await page.locator('main').innerText(), /dora@example\.com/);
  });

  test('without passkeys in the browser, the page says so or shows its other ways', limit, async (t) => {
    const person = await Person.arrive(ada, { javaScriptEnabled: false });
    t.after(() => person.leave());
    const page = await person.context.newPage();
    await page.goto(`${issuer}/login`);
    holds('the button for passkeys', await page.getByRole('button').allInnerTexts(), await page.getByRole('button', { name: /passkey/ }).count() === 0, 'hidden');
    await page.getByLabel('Password').waitFor();
    await page.goto(`${issuer}/p/north/login`);
    await page.getByText('This browser can’t use passkeys here').waitFor();
  });

  test('every page with passkeys is fit for everybody', limit, async (t) => {
    const { page } = await arrive(t);
    await page.goto(`${issuer}/login`);
    await inspect(page, 'sign in');
    await byPassword(page, bob);
    await page.goto(`${issuer}/account/login`);
    await page.getByText('Rename').first().click();
    await inspect(page, 'how one signs in');
  });

  /** signedIn is what the id token says of an authorization with a passkey, or with another proof. */
  async function signedIn(page, { prove = byPasskey, ...more } = {}) {
    const { verifier, challenge } = pkce();
    await page.goto(String(await authorizeURL(issuer, {
      client_id: 'demo-public', redirect_uri: 'http://127.0.0.1/callback', state: 's', code_challenge: challenge, resource: `${issuer}/todo/mcp`, scope: 'openid todo.read',
      prompt: 'consent', ...more,
    })));
    await prove(page);
    const allow = page.getByRole('button', { name: 'Allow', exact: true });
    await allow.waitFor();
    const back = page.waitForRequest((r) => r.url().startsWith('http://127.0.0.1/callback'));
    await allow.click();
    const code = new URL((await back).url()).searchParams.get('code');
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'authorization_code', code, code_verifier: verifier, client_id: 'demo-public', redirect_uri: 'http://127.0.0.1/callback' }),
    });
    const { id_token } = await response.json();
    return JSON.parse(Buffer.from(id_token.split('.')[1], 'base64url'));
  }

  /** inspect looks at a page in every look. */
  async function inspect(page, name) {
    for (const look of looks) await axe(page, `passkeys, ${name}`, look);
  }
});
