// own-parts.test.mjs: servers that other people's own parts protect, with nothing of ours, take our tokens and no others.

import { after, before, describe, test } from 'node:test';
import { join, resolve } from 'node:path';
import { closeBrowser, Person } from './lib/browser.mjs';
import { matches, same } from './lib/check.mjs';
import { ada, confidential, startDemo } from './lib/demo.mjs';
import { GoHost } from './lib/go-host.mjs';
import { Host } from './lib/host.mjs';
import { v1, v2 } from './lib/kits.mjs';
import { mcp, refused } from './lib/mcp.mjs';
import { tokensFor } from './lib/oauth.mjs';
import { Child, freePort } from './lib/process.mjs';
import { challenges, machineToken, Protected } from './lib/protected.mjs';

const limit = { timeout: 120_000 };
const binary = resolve(process.env.AUTHWRIGHT_BIN ?? resolve(import.meta.dirname, '../bin/authwright'));
const program = (name) => [process.execPath, [join(import.meta.dirname, 'own-parts', name)]];

/** The servers: how each is started, and how its SDK names the fault of a bad token (the Go SDK does not say). */
const servers = {
  'the TypeScript SDK v1': { start: program('v1.mjs'), bare: 'invalid_token', bad: 'invalid_token' },
  'the TypeScript SDK v2 and its Express adapter': { start: program('v2.mjs'), bare: 'invalid_token', bad: 'invalid_token' },
  'the Go SDK': { start: [process.env.AUTHWRIGHT_GO_SERVER, []] },
};

describe("other people's own parts", { concurrency: false }, () => {
  let demo, ana;
  const running = new Map();
  before(async () => {
    const ports = await Promise.all(Object.keys(servers).map(() => freePort()));
    const urls = ports.map((port) => `http://127.0.0.1:${port}/mcp`);
    demo = await startDemo({ args: urls.flatMap((url) => ['--resource', url]) });
    await demo.operate('client', 'set', confidential.id, '--access-life', '2s'); // for tokens that are over; servers notice in 5 s
    await Promise.all(Object.entries(servers).map(async ([name, { start: [command, args] }], n) => {
      running.set(name, await Protected.start(urls[n], command, [...args, demo.issuer, String(ports[n])]));
    }));
    ana = await Person.arrive();
  });
  after(async () => {
    await ana?.leave();
    await Promise.all([...running.values()].map((server) => server.stop()));
    await demo?.stop();
    await closeBrowser();
  });

  for (const [name, { bare, bad }] of Object.entries(servers)) {
    describe(name, { concurrency: false }, () => {
      for (const kit of [v1, v2]) {
        test(`the client ${kit.name} logs in and calls a tool`, limit, async (t) => {
          const host = await Host.start(kit, running.get(name).url, ana);
          t.after(() => host.close());
          await host.connect();
          matches('callTool(whoami)', await host.call('whoami'), new RegExp(`^${ada.subject} by `));
          same('authorizations opened', host.provider.opened.length, 1);
        });
      }

      test('the client Go SDK logs in and calls a tool', limit, async (t) => {
        const host = await new GoHost(running.get(name).url, ana).ready();
        t.after(() => host.child.stop());
        await host.do({ do: 'connect' });
        matches('CallTool(whoami)', await host.do({ do: 'call', name: 'whoami' }), new RegExp(`^${ada.subject} by `));
      });

      test('no token, one for another server, one that was changed and one that is over are refused', limit, async () => {
        const { url } = running.get(name);
        await challenges('no token', url, undefined, bare);
        const good = (await tokensFor(ana, demo.issuer, { resource: url, scope: 'todo.read' })).access_token;
        same('a good token', (await mcp(url, good)).status, 200);
        await challenges('a token for another server', url, await machineToken(demo, demo.todo), bad);
        const [header, claims, signature] = good.split('.');
        await challenges('a changed signature', url, [header, claims, signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))].join('.'), bad);
        const brief = await machineToken(demo, url);
        same('a token of two seconds, at first', (await mcp(url, brief)).status, 200);
        await refused(url, brief, 10);
        await challenges('a token that is over', url, brief, bad);
      });

      test('authwright check says nothing against it', limit, async () => {
        const child = new Child(binary, ['check', '--json', running.get(name).url]);
        const code = await child.exit();
        const report = JSON.parse(child.stdout);
        same(`${child.name}: findings`, report.steps.flatMap((step) => step.findings ?? []), []);
        same(`${child.name}: exit code`, code, 0);
      });
    });
  }
});
