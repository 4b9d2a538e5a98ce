// fastmcp.test.mjs: the example of FastMCP with our provider, and servers that FastMCP's own verifiers protect.

import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { join, resolve } from 'node:path';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, matches, same } from './lib/check.mjs';
import { ada, confidential, recheck, startDemo } from './lib/demo.mjs';
import { Host } from './lib/host.mjs';
import { v2 } from './lib/kits.mjs';
import { callTool, mcp, refused } from './lib/mcp.mjs';
import { ask, postForm, prmURL, tokensFor } from './lib/oauth.mjs';
import { freePort } from './lib/process.mjs';
import { challenges, machineToken, Protected } from './lib/protected.mjs';
import { todoTools } from './lib/sdk-scenarios.mjs';

const limit = { timeout: 120_000 };
const top = resolve(import.meta.dirname, '..');
const python = join(top, 'python/.venv/bin/python');
const own = join(import.meta.dirname, 'own-parts/with_fastmcp.py');

/** The servers: the example, and FastMCP's own parts; `revoked` tells whether a revoked token dies before it expires. */
const servers = {
  'the example': { args: [join(top, 'examples/fastmcp/todo.py')], revoked: true },
  'RemoteAuthProvider and JWTVerifier': { args: [own, 'jwt'], revoked: false },
  'RemoteAuthProvider and IntrospectionTokenVerifier': { args: [own, 'introspection'], revoked: true },
};

describe('FastMCP', { concurrency: false }, () => {
  let demo, ana;
  const running = new Map();
  before(async () => {
    execFileSync(join(top, 'python/environment'), { stdio: 'inherit' });
    const ports = await Promise.all(Object.keys(servers).map(() => freePort()));
    const urls = ports.map((port) => `http://127.0.0.1:${port}/mcp`);
    demo = await startDemo({ args: urls.flatMap((url) => ['--resource', url]) });
    await demo.operate('client', 'set', confidential.id, '--access-life', '2s'); // for tokens that are over; servers notice in 5 s
    const starts = await Promise.allSettled(Object.entries(servers).map(async ([name, { args }], n) => {
      const env = { ...process.env, ISSUER: demo.issuer, PORT: String(ports[n]) };
      running.set(name, await Protected.start(urls[n], python, args, { env }));
    }));
    for (const { reason } of starts) if (reason) throw reason;
    ana = await Person.arrive();
  });
  after(async () => {
    await ana?.leave();
    await Promise.all([...running.values()].map((server) => server.stop()));
    await demo?.stop();
    await closeBrowser();
  });

  for (const [name, { revoked }] of Object.entries(servers)) {
    describe(name, { concurrency: false }, () => {
      test('a client logs in, is allowed and calls a tool', limit, async (t) => {
        const host = await Host.start(v2, running.get(name).url, ana);
        t.after(() => host.close());
        await host.connect();
        matches('callTool(whoami)', await host.call('whoami'), new RegExp(ada.subject));
        same('authorizations opened', host.provider.opened.length, 1);
      });

      test('no token, one for another server, one that was changed and one that is over are refused', limit, async () => {
        const { url } = running.get(name);
        const bare = await challenges('no token', url, undefined, undefined);
        same('the scope of the challenge', bare.scope, 'todo.read');
        const good = (await tokensFor(ana, demo.issuer, { resource: url, scope: 'todo.read' })).access_token;
        same('a good token', (await mcp(url, good)).status, 200);
        await challenges('a token for another server', url, await machineToken(demo, demo.todo), 'invalid_token');
        const [header, claims, signature] = good.split('.');
        const changed = [header, claims, signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))].join('.');
        await challenges('a changed signature', url, changed, 'invalid_token');
        const brief = await machineToken(demo, url);
        await refused(url, brief, 45); // two seconds, and thirty by which clocks may differ
        await challenges('a token that is over', url, brief, 'invalid_token');
      });

      if (revoked) {
        test('a token that was revoked is refused', limit, async () => {
          const { url } = running.get(name);
          const tokens = await tokensFor(ana, demo.issuer, { resource: url, scope: 'todo.read' });
          same('before', (await mcp(url, tokens.access_token)).status, 200);
          const answer = await postForm(`${demo.issuer}/revoke`, { token: tokens.refresh_token, client_id: tokens.client_id });
          same(answer.call, answer.status, 200);
          await refused(url, tokens.access_token, recheck + 3);
          await challenges('a revoked token', url, tokens.access_token, 'invalid_token');
        });
      }
    });
  }

  describe('the example', { concurrency: false }, () => {
    test('too few scopes are refused with all that is needed', limit, async () => {
      const { url } = running.get('the example');
      const { access_token } = await tokensFor(ana, demo.issuer, { resource: url, scope: 'todo.read' });
      same('list_items', (await callTool(url, access_token, 'list_items')).status, 200);
      const answer = await callTool(url, access_token, 'create_item', { title: 'x' });
      same(answer.call, answer.status, 403);
      same(answer.call, answer.headers.get('www-authenticate'), 'Bearer error="insufficient_scope", '
        + 'error_description="the token lacks a scope: needed are todo.read todo.write", '
        + `scope="todo.read todo.write", resource_metadata="${prmURL(url)}"`);
    });

    test('a client steps up when a tool needs more, and the list is the person\'s own', limit, async (t) => {
      const host = await Host.start(v2, running.get('the example').url, ana);
      t.after(() => host.close());
      await host.connect();
      same('listTools()', await host.tools(), todoTools);
      const item = JSON.parse(await host.call('create_item', { title: 'buy milk' }));
      same('authorizations opened', host.provider.opened.length, 2);
      await host.call('complete_item', { id: item.id });
      same('list_items', JSON.parse(await host.call('list_items')), [{ id: item.id, title: 'buy milk', done: true }]);
      await host.call('delete_item', { id: item.id });
    });

    test('the metadata names the issuer and the scope asked for at first', limit, async () => {
      const { url } = running.get('the example');
      const answer = await ask(prmURL(url));
      same(answer.call, answer.json, {
        resource: url, authorization_servers: [demo.issuer], scopes_supported: ['todo.read'],
        bearer_methods_supported: ['header'], resource_name: 'To-do',
      });
      holds(answer.call, answer.headers.get('access-control-allow-origin'), answer.headers.get('access-control-allow-origin') === '*', '*');
    });
  });
});
