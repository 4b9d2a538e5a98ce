// pages.test.mjs: every page a person can see, checked by axe in light and dark, on a phone and on a desk.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Authenticator } from './lib/authenticator.mjs';
import { axe, looks } from './lib/axe.mjs';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, matches, same } from './lib/check.mjs';
import { ada, bob, startDemo } from './lib/demo.mjs';
import { Documents } from './lib/documents.mjs';
import { callTool } from './lib/mcp.mjs';
import { authorize, authorizeURL, pkce, registered, tokensFor } from './lib/oauth.mjs';

const limit = { timeout: 60_000 };

describe('pages', { concurrency: false }, () => {
  let demo, documents, ana, ben;
  before(async () => {
    demo = await startDemo();
    await demo.operate('trust', 'add', 'app', '--project', 'north', '--title', 'Example App', '--issuer', 'https://app.example', '--audience', 'authwright',
      '--login-url', 'https://app.example/login', '--jwks-url', 'https://app.example/jwks');
    const secret = join(demo.data, 'secret');
    writeFileSync(secret, 'a-secret\n', { mode: 0o600 });
    await demo.operate('provider', 'add', 'github', '--project', 'north', '--kind', 'github', '--client-id', 'authwright', '--client-secret-file', secret);
    documents = await Documents.serve();
    ana = await Person.arrive();
    await authorize(ana, demo.issuer, { client_id: 'demo-public', resource: demo.todo }); // she is signed in and has one app
    const { access_token } = await tokensFor(ana, demo.issuer, { resource: demo.todo, scope: 'todo.write' });
    await callTool(demo.todo, access_token, 'create_item', { title: 'water the plants' });
    await secure(ana); // and a second factor
    ben = await Person.arrive(bob);
    await tokensFor(ben, demo.issuer, { client_id: 'demo-public', resource: demo.okr }); // he is signed in and has one for Acme
    await authorize(ana, demo.issuer, { client_id: 'demo-public', resource: demo.okr });
    await demo.operate('org', 'policy', 'acme', '--documents', 'approve');
    await demo.operate('org', 'invite', 'globex', ada.email, '--role', 'member');
  });
  after(async () => {
    await ana?.leave();
    await ben?.leave();
    await documents?.close();
    await demo?.stop();
    await closeBrowser();
  });

  const request = (fields) => authorizeURL(demo.issuer, { state: 's', code_challenge: pkce().challenge, resource: demo.todo, scope: 'todo.read', ...fields });
  const byRegistration = async (client_name, redirect_uri, fields = {}) =>
    request({ client_id: await registered(demo.issuer, redirect_uri, { client_name }), redirect_uri, ...fields });

  // Each page: who sees it, where it is, what its heading says, and what to do to get to it from there.
  const pages = {
    'sign in': { by: stranger, at: () => byRegistration('Claude', 'https://claude.ai/api/mcp/auth_callback'), heading: /sign in/i },
    'sign in, after a wrong password': {
      by: stranger, at: () => byRegistration('Claude', 'https://claude.ai/api/mcp/auth_callback'), heading: /sign in/i,
      then: async (page) => {
        await page.getByLabel('Email').fill(ada.email);
        await page.getByLabel('Password').fill('wrong');
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByRole('alert').waitFor();
      },
    },
    'consent, known app': { at: () => byRegistration('Claude', 'https://claude.ai/api/mcp/auth_callback'), heading: /Claude/ },
    'consent, app added by the operator, write': { at: () => request({ client_id: 'demo-public', redirect_uri: 'http://127.0.0.1/callback', scope: 'todo.write' }), heading: /Demo client/ },
    'consent, step-up': {
      at: () => request({ client_id: 'demo-public', redirect_uri: 'http://127.0.0.1/callback', scope: 'todo.read todo.write' }), heading: /Demo client/,
      says: /Allowed before/,
    },
    'consent, an app on this computer that registered itself': {
      at: () => byRegistration('My editor', 'http://127.0.0.1:7000/callback'), heading: /wants to/, says: /which program on this computer/,
    },
    'consent, an app with a private scheme': { at: () => byRegistration('My app', 'com.example.app:/callback'), heading: /wants to/, says: /which app on this device/ },
    'consent, an app that looks like another': { at: () => byRegistration('Claude', 'https://claude.example.net/callback'), heading: /wants to/, says: /may not be/ },
    'consent, an app with a document': {
      at: () => request({ client_id: documents.put('axe', { redirect_uris: ['https://tools.example.org/cb'] }), redirect_uri: 'https://tools.example.org/cb' }),
      heading: /127\.0\.0\.1/,
    },
    'consent, for one of two organizations': { by: member, at: byMember, heading: /wants to/, says: /Left out/ },
    'consent, an organization that refuses the app': {
      by: member, at: byMember, heading: /wants to/,
      then: async (page) => {
        await page.getByRole('link', { name: /Globex/ }).click();
        await page.getByRole('heading', { name: 'You can’t allow this' }).waitFor();
      },
    },
    'consent, for the only organization': {
      at: () => request({ client_id: 'demo-public', redirect_uri: 'http://127.0.0.1/callback', resource: demo.okr, scope: 'okr.read okr.write' }),
      heading: /Demo client/, says: /For your organization/,
    },
    'account with an organization': { by: member, at: () => `${demo.issuer}/account`, heading: /account/i, says: /for Acme, at Objectives[\s\S]*last used[\s\S]*connected in one place/ },
    'consent, an app that has to be approved': { at: () => byDocument('wish'), heading: /wants to/, says: /Ask an admin to approve it/ },
    'consent, an app that waits for approval': { at: () => byDocument('waiting'), heading: /wants to/, says: /Waiting for approval/, then: ask },
    'consent, an app that an admin refused': {
      at: () => byDocument('refused'), heading: /wants to/, says: /decided not to let this app in/,
      then: async (page) => {
        await ask(page);
        await demo.operate('org', 'refuse', 'acme', `${documents.origin}/refused/client.json`);
        await page.reload();
      },
    },
    'organizations': { by: member, at: () => `${demo.issuer}/account/organizations`, heading: /Your organizations/, says: /Globex[\s\S]*Run it/ },
    'organizations, with an invitation': { at: () => `${demo.issuer}/account/organizations`, heading: /Your organizations/, says: /You are invited[\s\S]*Globex/ },
    'organizations of somebody who has none': { by: newcomer, at: () => `${demo.north.issuer}/account/organizations`, heading: /Your organizations/, says: /You belong to no organization/ },
    'run an organization': {
      at: () => admin('acme'), heading: /Acme/, says: /Apps that wait[\s\S]*Refused apps[\s\S]*Invitations[\s\S]*bob@example\.com/,
      then: async (page) => {
        await page.getByLabel('Their email').fill('somebody.with.a.rather.long.name@subsidiary.of.a.company.example.com');
        await page.getByRole('button', { name: 'Send invitation' }).click();
        await page.getByRole('status').waitFor();
      },
    },
    'run an organization, with a problem': {
      at: () => admin('acme'), heading: /Acme/, says: /Enter an email address/,
      then: async (page) => {
        await page.getByLabel('Their email').evaluate((input) => { input.type = 'text'; });
        await page.getByLabel('Their email').fill('somebody');
        await page.getByRole('button', { name: 'Send invitation' }).click();
        await page.getByRole('alert').waitFor();
      },
    },
    'run an organization in which nothing happened': { by: member, at: () => admin('globex'), heading: /Globex/, says: /No app acts for a member/ },
    'run an organization of others': { by: member, at: () => admin('acme'), heading: /not here for you/, status: 404 },
    'invitation, for somebody new': { by: stranger, at: () => invitation('cleo@example.com'), heading: /Acme invites you/, says: /Make an account/ },
    'invitation, for somebody new, with a problem': {
      by: stranger, at: () => invitation('cleo@example.com'), heading: /Acme invites you/, says: /at least 12 characters/i,
      then: async (page) => {
        await page.getByLabel('Name').fill('Cleo');
        await page.getByLabel('Password').evaluate((input) => input.removeAttribute('minlength'));
        await page.getByLabel('Password').fill('short');
        await page.getByRole('button', { name: 'Create account and join' }).click();
        await page.getByRole('alert').waitFor();
      },
    },
    'invitation, for somebody who has to sign in': { by: stranger, at: () => invitation(bob.email), heading: /Acme invites you/, says: /Sign in with it/ },
    'invitation, for who is signed in': { by: member, at: () => invitation(bob.email), heading: /Acme invites you/, says: /signed in as bob@example\.com/ },
    'invitation, for another account': { at: () => invitation(bob.email), heading: /Acme invites you/, says: /for another address[\s\S]*Sign in as bob/ },
    'invitation, for somebody else who is new': { at: () => invitation('cleo@example.com'), heading: /Acme invites you/, says: /for another address[\s\S]*Sign out/ },
    'invitation that is over': { by: stranger, at: () => `${demo.issuer}/invitation?t=inv_0.AAAA`, heading: /can’t be used/, status: 400 },
    'choose an account': { at: () => byRegistration('Chooser', 'https://tools.example.org/cb', { prompt: 'select_account' }), heading: /account|sign in/i },
    account: { at: () => `${demo.issuer}/account`, heading: /account/i, says: /Demo client/ },
    'account of somebody without apps': { by: newcomer, at: () => `${demo.north.issuer}/account`, heading: /account/i, says: /No app can act for you/ },
    'sign out': { at: () => `${demo.issuer}/logout`, heading: /sign out/i },
    'error, unknown app': { at: () => request({ client_id: 'nobody', redirect_uri: 'https://x.example/cb' }), heading: /know this app/i, status: 400 },
    'error, unregistered return address': { at: () => request({ client_id: 'demo-public', redirect_uri: 'https://x.example/cb' }), heading: /return address/i, status: 400 },
    'error, an answer that is no longer awaited': { at: () => `${demo.issuer}/consent?request=AAAAAAAAAAAAAAAAAAAAAA`, heading: /./, status: 400 },
    'nothing here': { at: () => `${demo.issuer}/nowhere`, heading: /nothing/i, status: 404 },
    'sign in by email': { by: stranger, at: () => `${demo.issuer}/login/email`, heading: /by email/ },
    'forgot the password': { by: stranger, at: () => `${demo.issuer}/login/reset`, heading: /new password/ },
    'create an account': { by: stranger, at: () => `${demo.issuer}/login/sign-up`, heading: /account/ },
    'check your email, after a wrong code': {
      by: stranger, at: () => `${demo.issuer}/login/email`, heading: /check your email/i, says: /not the code/,
      then: async (page) => {
        await page.getByLabel('Email').fill('nobody@example.com');
        await page.getByRole('button', { name: 'Send the code' }).click();
        await page.getByLabel('Code').fill('0000 0000');
        await page.getByRole('button', { name: 'Continue' }).click();
        await page.getByRole('alert').waitFor();
      },
    },
    'how you sign in': { by: member, at: () => `${demo.issuer}/account/login`, heading: /how you sign in/i, says: /Set up an authenticator app/ },
    'how you sign in, after a wrong password': {
      by: member, at: () => `${demo.issuer}/account/login`, heading: /how you sign in/i, says: /not the password you have/,
      then: async (page) => {
        await page.getByLabel('Current password').fill('wrong');
        await page.getByLabel('New password').fill('another-long-password');
        await page.getByRole('button', { name: 'Change password' }).click();
        await page.getByRole('alert').waitFor();
      },
    },
    'how you sign in, with an authenticator app': { at: () => `${demo.issuer}/account/login`, heading: /how you sign in/i, says: /of 10 left/ },
    'set up an authenticator app': { by: member, at: () => `${demo.issuer}/account/login/authenticator`, heading: /set up/i },
    'set up an authenticator app, after a wrong code': {
      by: member, at: () => `${demo.issuer}/account/login/authenticator`, heading: /set up/i, says: /not the code/,
      then: async (page) => {
        await page.getByText('It can’t be scanned?').click();
        await page.getByLabel('Code from your app').fill('12345');
        await page.getByRole('button', { name: 'Turn it on' }).click();
        await page.getByRole('alert').waitFor();
        await page.getByText('It can’t be scanned?').click();
      },
    },
    'recovery codes': {
      at: () => `${demo.issuer}/account/login`, heading: /recovery codes/,
      then: async (page) => {
        await page.getByRole('button', { name: 'Make new codes' }).click();
        await page.getByRole('heading', { level: 1, name: 'Your recovery codes' }).waitFor();
      },
    },
    'where you are signed in': { by: member, at: () => `${demo.issuer}/account/sessions`, heading: /signed in/, says: /This browser/ },
    'second factor': { by: stranger, at: () => `${demo.issuer}/login`, heading: /one more step/i, then: halfway },
    'second factor, after a wrong code': {
      by: stranger, at: () => `${demo.issuer}/login`, heading: /one more step/i, says: /wrong or was used/,
      then: async (page) => {
        await halfway(page);
        await page.getByLabel('Code from your app').fill('000000');
        await page.getByRole('button', { name: 'Continue' }).click();
        await page.getByRole('alert').waitFor();
      },
    },
    'second factor, by a recovery code': {
      by: stranger, at: () => `${demo.issuer}/login`, heading: /one more step/i,
      then: async (page) => {
        await halfway(page);
        await page.getByRole('link', { name: 'Use a recovery code' }).click();
        await page.getByLabel('Recovery code').waitFor();
      },
    },
    'a second factor is needed, and there is none': {
      by: member, at: () => request({ client_id: 'demo-public', redirect_uri: 'http://127.0.0.1/callback', acr_values: 'urn:authwright:acr:2fa' }),
      heading: /one more step/i, says: /authenticator app/,
    },
    'a passkey is needed, and there are none here': {
      by: member, at: () => request({ client_id: 'demo-public', redirect_uri: 'http://127.0.0.1/callback', acr_values: 'phr' }), heading: /one more step/i, says: /can’t be used here/,
    },
    'confirm that it is you': { by: member, at: () => request({ client_id: 'demo-public', redirect_uri: 'http://127.0.0.1/callback', prompt: 'login' }), heading: /confirm/i },
    'demo: mail': { at: () => `${demo.origin}/demo/mail`, heading: /mail/i },
    'north: sign in, with a trusted login': { by: stranger, at: () => `${demo.north.issuer}/login`, heading: /sign in/i, says: /Continue with Example App/ },
    'north: going to another provider': { by: stranger, at: () => `${demo.north.issuer}/login`, heading: /Going to GitHub/, says: /Continue to GitHub/, then: away },
    'demo: start page': { at: () => `${demo.origin}/`, heading: /./ },
    'demo: to-do page': { at: () => `${demo.origin}/todo/`, heading: /./, says: /water the plants/ },
    'demo: objectives page': { at: () => `${demo.origin}/okr/`, heading: /./ },
  };

  for (const [name, of] of Object.entries(pages)) {
    test(`${name}: no violation`, limit, async (t) => {
      const person = await (of.by ?? known)(t);
      const page = await person.context.newPage();
      t.after(() => page.close());
      const refused = [];
      page.on('console', (message) => /Content Security Policy|Refused to/.test(message.text()) && refused.push(message.text()));
      const response = await page.goto(String(await of.at()));
      holds(`GET ${page.url()}`, response.status(), of.status ? Math.floor(response.status() / 100) === Math.floor(of.status / 100) : response.ok(), `a status like ${of.status ?? 200}`);
      await of.then?.(page);
      same('number of h1', await page.getByRole('heading', { level: 1 }).count(), 1);
      matches(`heading of ${page.url()}`, await page.getByRole('heading', { level: 1 }).innerText(), of.heading);
      if (of.says) matches(`text of ${page.url()}`, await page.locator('main').innerText(), of.says);
      for (const look of looks) await axe(page, name, look);
      same('what the Content-Security-Policy had to stop', refused, []);
    });
  }

  async function known() {
    return ana;
  }

  async function member() {
    return ben;
  }

  function byMember() {
    return byRegistration('My editor', 'http://127.0.0.1:7000/callback', { resource: demo.okr, scope: 'okr.read okr.write' });
  }

  // byDocument is an app of which Acme, ana's one organization, wants to know before.
  function byDocument(name) {
    const client_id = documents.put(name, { client_name: 'Meeting notes', redirect_uris: ['https://tools.example.org/cb'] });
    return request({ client_id, redirect_uri: 'https://tools.example.org/cb', resource: demo.okr, scope: 'okr.read okr.write' });
  }

  async function ask(page) {
    await page.getByLabel('Why you need it').fill('It writes down what we decide in the weekly meeting, and I would like it to see our objectives.');
    await page.getByRole('button', { name: 'Ask for approval' }).click();
    await page.getByRole('heading', { name: 'Waiting for approval' }).waitFor();
  }

  const admin = (org) => `${demo.issuer}/account/organizations/admin?org=${org}`;

  async function invitation(email) {
    return /https?:\S+/.exec(await demo.operate('org', 'invite', 'acme', email, '--role', 'member'))[0];
  }

  /** secure gives somebody who is signed in an authenticator app. */
  async function secure(person) {
    const page = await person.context.newPage();
    await page.goto(`${demo.issuer}/account/login/authenticator`);
    await page.getByText('It can’t be scanned?').click();
    const app = new Authenticator(await page.locator('.secret').innerText());
    await page.getByLabel('Code from your app').fill(await app.code());
    await page.getByRole('button', { name: 'Turn it on' }).click();
    await page.getByRole('heading', { level: 1, name: 'Your recovery codes' }).waitFor();
    await page.close();
  }

  /** halfway proves the first factor of somebody who has two. */
  async function halfway(page) {
    await page.getByLabel('Email').fill(ada.email);
    await page.getByLabel('Password').fill(ada.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'One more step' }).waitFor();
  }

  /** away presses the button of a provider, which lets nobody off the page that leads there: an answer of 204 is no new page. */
  async function away(page) {
    await page.route('https://github.com/**', (route) => route.fulfill({ status: 204 }));
    const left = page.waitForResponse((response) => response.url().startsWith('https://github.com/login/oauth/authorize?'));
    await page.getByRole('button', { name: 'Continue with GitHub' }).click();
    await left;
    await page.getByRole('heading', { level: 1, name: 'Going to GitHub' }).waitFor();
  }

  async function stranger(t) {
    const person = await Person.arrive();
    t.after(() => person.leave());
    return person;
  }

  async function newcomer(t) {
    const person = await stranger(t);
    const page = await person.context.newPage();
    await page.goto(`${demo.north.issuer}/login`);
    await page.getByLabel('Email').fill(ada.email);
    await page.getByLabel('Password').fill(ada.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { level: 1, name: /account/i }).waitFor();
    await page.goto(`${demo.issuer}/login`);
    await page.getByLabel('Email').fill(bob.email);
    await page.getByLabel('Password').fill(bob.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { level: 1, name: /account/i }).waitFor();
    await page.close();
    return person;
  }
});
