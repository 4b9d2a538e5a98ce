// examples.test.mjs: the examples in other stacks, as a newcomer starts them, with official clients and a person in Chromium.

import { after, before, describe, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, matches, same } from './lib/check.mjs';
import { ada, confidential, recheck, startDemo } from './lib/demo.mjs';
import { Host } from './lib/host.mjs';
import { v1, v2 } from './lib/kits.mjs';
import { callTool, mcp, parseChallenge, refused } from './lib/mcp.mjs';
import { ask, postForm, prmURL, tokensFor } from './lib/oauth.mjs';
import { Child, freePort } from './lib/process.mjs';
import { challenges, machineToken, Protected } from './lib/protected.mjs';
import { stepUp, todoTools } from './lib/sdk-scenarios.mjs';

const limit = { timeout: 120_000 };
const binary = resolve(process.env.AUTHWRIGHT_BIN ?? resolve(import.meta.dirname, '../bin/authwright'));
const run = join(import.meta.dirname, '../examples/run');
const stacks = ['express', 'hono', 'next', 'workers'];

describe('examples', { concurrency: false }, () => {
  test('the list is the same in all of them', () => {
    const lists = stacks.map((stack) => readFileSync(join(import.meta.dirname, '../examples', stack, 'todo.js'), 'utf8'));
    stacks.forEach((stack, n) => holds(`examples/${stack}/todo.js`, 'another', lists[n] === lists[0], `that of ${stacks[0]}`));
  });

  let demo, ana, urls;
  before(async () => {
    const ports = await Promise.all(stacks.map(() => freePort()));
    urls = Object.fromEntries(stacks.map((stack, n) => [stack, `http://127.0.0.1:${ports[n]}/mcp`]));
    demo = await startDemo({ args: Object.values(urls).flatMap((url) => ['--resource', url]) });
    await demo.operate('client', 'set', confidential.id, '--access-life', '2s'); // for tokens that are over
    ana = await Person.arrive();
  });
  after(async () => {
    await ana?.leave();
    await demo?.stop();
    await closeBrowser();
  });

  for (const stack of stacks) {
    describe(stack, { concurrency: false }, () => {
      let url, server, brief;
      before(async () => {
        url = urls[stack];
        const { port } = new URL(url);
        server = await Protected.start(url, run, [stack], { env: { ...process.env, PORT: port, RESOURCE: url, ISSUER: demo.issuer } });
        brief = await machineToken(demo, url);
        const first = await mcp(url, brief);
        if (first.status !== 200) throw server.child.complain(`a token of two seconds, at first: ${first.status} ${first.text}`);
      }, limit);
      after(() => server?.stop());

      for (const kit of [v1, v2]) {
        test(`${kit.name} logs in, lists and calls tools`, limit, async (t) => {
          const host = await Host.start(kit, url, ana);
          t.after(() => host.close());
          await host.connect();
          same('listTools()', await host.tools(), todoTools);
          const me = JSON.parse(await host.call('whoami'));
          same('callTool(whoami)', [me.subject, me.client_id], [ada.subject, host.provider.client.client_id]);
          same('callTool(whoami): scopes', me.scopes.filter((one) => one !== 'offline_access'), ['todo.read']);
          same('authorizations opened', host.provider.opened.length, 1);
        });
      }

      test('a client steps up from reading to writing, and works on the list', limit, async (t) => {
        const host = await Host.start(v2, url, ana);
        t.after(() => host.close());
        await host.connect();
        await stepUp(host);
        const { id } = JSON.parse(await host.call('create_item', { title: 'call Bob' }));
        same('callTool(complete_item)', JSON.parse(await host.call('complete_item', { id })), { id, title: 'call Bob', done: true });
        await host.call('delete_item', { id });
        const { items } = JSON.parse(await host.call('list_items'));
        holds('callTool(list_items) after delete_item', items, items.length === 1 && items[0].title === 'buy milk', 'the other item');
      });

      test('the metadata says who issues tokens for it', limit, async () => {
        const answer = await ask(prmURL(url));
        same(answer.call, [answer.status, answer.json], [200, {
          resource: url, authorization_servers: [demo.issuer], scopes_supported: ['todo.read'], bearer_methods_supported: ['header'], resource_name: 'To-do',
        }]);
      });

      test('no token, one for another server and one that was changed are refused', limit, async () => {
        same('no token: scope', (await challenges('no token', url)).scope, 'todo.read');
        await challenges('a token for another server', url, await machineToken(demo, demo.todo), 'invalid_token');
        const [header, claims, signature] = (await machineToken(demo, url)).split('.');
        await challenges('a changed signature', url, [header, claims, signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))].join('.'), 'invalid_token');
      });

      test('too few scopes are refused, and the answer names all that are needed', limit, async () => {
        const { access_token } = await tokensFor(ana, demo.issuer, { resource: url, scope: 'todo.read' });
        for (const [name, args] of Object.entries({ create_item: { title: 'x' }, complete_item: { id: '1' }, delete_item: { id: '1' } })) {
          const answer = await callTool(url, access_token, name, args);
          same(`${answer.call} ${name}`, answer.status, 403);
          const { scheme, error, scope, resource_metadata } = parseChallenge(answer.headers.get('www-authenticate'));
          same(`${answer.call} ${name}: challenge`, [scheme, error, scope, resource_metadata], ['Bearer', 'insufficient_scope', 'todo.read todo.write', prmURL(url)]);
        }
        same('list_items', (await callTool(url, access_token, 'list_items')).status, 200);
      });

      test('a token whose grant was revoked is refused', limit, async () => {
        const { access_token, refresh_token, client_id } = await tokensFor(ana, demo.issuer, { resource: url, scope: 'todo.read' });
        same('before', (await mcp(url, access_token)).status, 200);
        const answer = await postForm(`${demo.issuer}/revoke`, { token: refresh_token, client_id });
        same(answer.call, answer.status, 200);
        await refused(url, access_token, recheck + 3);
        await challenges('a revoked token', url, access_token, 'invalid_token');
      });

      test('authwright check says nothing against it', limit, async () => {
        const child = new Child(binary, ['check', '--json', url]);
        const code = await child.exit();
        const report = JSON.parse(child.stdout);
        same(`${child.name}: findings`, report.steps.flatMap((step) => step.findings ?? []), []);
        same(`${child.name}: exit code`, code, 0);
      });

      test('a token that is over is refused', limit, async () => {
        await refused(url, brief, 60);
        await challenges('a token that is over', url, brief, 'invalid_token');
      });
    });
  }
});
