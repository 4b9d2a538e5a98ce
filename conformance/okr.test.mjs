// okr.test.mjs: people act for their organizations: which one, what their roles there cover, which clients come in.

import { after, before, describe, test } from 'node:test';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, matches, same } from './lib/check.mjs';
import { bob, startDemo } from './lib/demo.mjs';
import { callTool, mcp, parseChallenge, refused, resultOf } from './lib/mcp.mjs';
import { authorize, claimsOf, redeem, refresh, tokensFor } from './lib/oauth.mjs';

const limit = { timeout: 60_000 };

describe('organizations', { concurrency: false }, () => {
  let demo, ana, ben, both;
  before(async () => {
    demo = await startDemo();
    [ana, ben] = [await Person.arrive(), await Person.arrive(bob)];
    both = { resource: demo.okr, scope: 'okr.read okr.write' };
  });
  after(async () => {
    await ana?.leave();
    await ben?.leave();
    await demo?.stop();
    await closeBrowser();
  });

  test('a member allows for one of two organizations what the role there covers, and the token holds that much', limit, async () => {
    const seen = {};
    const tokens = await tokensFor(ben, demo.issuer, both, {
      onConsent: async (page) => {
        seen.current = await page.locator('[aria-current=true]').innerText();
        seen.other = await page.getByRole('link', { name: /Globex/ }).innerText();
        seen.may = await section(page, 'If you allow, it can').getByRole('listitem').allInnerTexts();
        seen.cannot = await section(page, /^Left out/).getByRole('listitem').allInnerTexts();
        seen.why = await section(page, /^Left out/).innerText();
      },
    });
    same('the organization that is chosen', seen.current, 'Acme');
    matches('the other one', seen.other, /Globex.*doesn’t let this app in/s);
    same('what he can allow', seen.may, ['See your organization’s objectives and key results']);
    same('what is left out', seen.cannot, ['Change your organization’s objectives and key results']);
    matches('why', seen.why, /Your role in Acme \(member\) doesn’t include it/);
    same('scope of the token answer', tokens.scope, 'okr.read');
    const { claims } = claimsOf(tokens.access_token);
    same('sub, org_id, scope', [claims.sub, claims.org_id, claims.scope], ['per_bob', 'acme', 'okr.read']);

    const listed = await callTool(demo.okr, tokens.access_token, 'list_objectives');
    same(`${listed.call} list_objectives`, resultOf(listed), { organization: 'acme', objectives: [] });
    const added = await callTool(demo.okr, tokens.access_token, 'add_objective', { title: 'Be everywhere' });
    same(`${added.call} add_objective: status`, added.status, 403);
    const challenge = parseChallenge(added.headers.get('www-authenticate'));
    same('WWW-Authenticate: error', challenge.error, 'insufficient_scope');
    same('WWW-Authenticate: scope', challenge.scope.split(' ').sort(), ['okr.read', 'okr.write']);
    const more = await refresh(demo.issuer, tokens.client_id, tokens.refresh_token, { scope: 'okr.read okr.write' });
    same('a refresh that asks for more: scope', more.json?.scope, 'okr.read');
  });

  test('an organization that refuses such apps cannot be chosen for one', limit, async () => {
    let page, seen;
    const denied = await authorize(ben, demo.issuer, both, {
      answer: 'Deny',
      onConsent: async (at) => {
        page = at;
        await page.getByRole('link', { name: /Globex/ }).click();
        await page.locator('[aria-current=true]', { hasText: 'Globex' }).waitFor();
        seen = { text: await page.locator('main').innerText(), allow: await page.getByRole('button', { name: 'Allow' }).count() };
      },
    });
    matches('the page for Globex', seen.text, /You can’t allow this\s+Globex doesn’t let in apps that registered themselves/);
    same('buttons to allow', seen.allow, 0);
    same('what the client is told', denied.params.get('error'), 'access_denied');
  });

  test('an app that the operator registered comes in there, where the same person is admin', limit, async () => {
    const tokens = await tokensFor(ben, demo.issuer, { ...both, client_id: 'demo-public' }, {
      onConsent: async (page) => {
        await page.getByRole('link', { name: 'Globex' }).click();
        await page.locator('[aria-current=true]', { hasText: 'Globex' }).waitFor();
        same('sections that leave something out', await page.getByRole('heading', { name: /^Left out/ }).count(), 0);
      },
    });
    same('scope of the token answer', tokens.scope, 'okr.read okr.write');
    same('org_id', claimsOf(tokens.access_token).claims.org_id, 'globex');
  });

  test('an admin adds an objective, which the page shows and a member reads', limit, async (t) => {
    const board = await ana.context.newPage();
    t.after(() => board.close());
    await board.goto(`${demo.origin}/okr/`);
    const tokens = await tokensFor(ana, demo.issuer, both, {
      onConsent: async (page) => {
        same('the one organization she has', await section(page, 'For your organization').getByRole('listitem').allInnerTexts(), ['Acme']);
      },
    });
    same('scope of the token answer', tokens.scope, 'okr.read okr.write');
    const added = await callTool(demo.okr, tokens.access_token, 'add_objective', { title: 'Delight every customer' });
    same(`${added.call} add_objective: title`, resultOf(added)?.title, 'Delight every customer');
    await board.getByText('Delight every customer').waitFor(); // without a reload
    matches('text of the objectives page', await board.locator('main').innerText(), /Acme\s+.*Delight every customer/s);

    const read = await tokensFor(ben, demo.issuer, { resource: demo.okr });
    const listed = await callTool(demo.okr, read.access_token, 'list_objectives');
    same('what bob reads', resultOf(listed)?.objectives?.map((o) => o.title), ['Delight every customer']);
  });

  test('a connection is withdrawn for one organization only', limit, async (t) => {
    const grants = {};
    for (const name of ['Acme', 'Globex']) {
      const authorization = await authorize(ben, demo.issuer, { ...both, client_id: 'demo-public', prompt: 'consent' }, {
        onConsent: async (page) => {
          const link = page.getByRole('link', { name });
          if (await link.count()) await link.click();
          await page.locator('[aria-current=true]', { hasText: name }).waitFor();
        },
      });
      grants[name] = (await redeem(demo.issuer, authorization)).json;
    }
    const page = await ben.context.newPage();
    t.after(() => page.close());
    await page.goto(`${demo.issuer}/account`);
    const connection = (name) => page.getByRole('listitem').filter({ hasText: 'Demo client' }).filter({ hasText: `for ${name}, at Objectives` });
    same('connections for Globex', await connection('Globex').count(), 1);
    await connection('Acme').getByRole('button', { name: 'Withdraw' }).click();
    await page.getByRole('status').waitFor();
    same('connections for Acme and Globex afterwards', [await connection('Acme').count(), await connection('Globex').count()], [0, 1]);
    await refused(demo.okr, grants.Acme.access_token);
    const gone = await refresh(demo.issuer, 'demo-public', grants.Acme.refresh_token);
    same('refresh for Acme', gone.json?.error, 'invalid_grant');
    const there = await mcp(demo.okr, grants.Globex.access_token);
    holds(`${there.call} for Globex`, there.status, there.status === 200, '200');
    const kept = await refresh(demo.issuer, 'demo-public', grants.Globex.refresh_token);
    same('refresh for Globex: scope', kept.json?.scope, 'okr.read okr.write');
  });
});

/** section is the part of a page under a heading. */
function section(page, heading) {
  return page.locator('section').filter({ has: page.getByRole('heading', typeof heading === 'string' ? { name: heading, exact: true } : { name: heading }) });
}
