// expiry.test.mjs: every client gets a new token by itself when its token is over. They all wait out the same time.

import { after, before, describe, test } from 'node:test';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, same } from './lib/check.mjs';
import { startDemo } from './lib/demo.mjs';
import { GoHost } from './lib/go-host.mjs';
import { Host } from './lib/host.mjs';
import { v1, v2 } from './lib/kits.mjs';
import { refused } from './lib/mcp.mjs';
import { Remote } from './lib/remote.mjs';

// The servers forgive clocks that differ by half a minute, so a token of two seconds lives a little longer.
const limit = { timeout: 150_000 };

const viaSDK = (kit) => async (url, person) => {
  const host = await (await Host.start(kit, url, person)).connect();
  return { call: (name) => host.call(name), tokens: () => host.provider.saved, opened: host.provider.opened, close: () => host.close() };
};

const clients = {
  [v1.name]: viaSDK(v1),
  [v2.name]: viaSDK(v2),
  'Go SDK': async (url, person) => {
    const host = await new GoHost(url, person).ready();
    await host.do({ do: 'connect' });
    return { call: (name) => host.do({ do: 'call', name }), tokens: () => host.do({ do: 'token' }), opened: host.opened, close: () => host.child.stop() };
  },
  'mcp-remote': async (url, person) => {
    const remote = await (await Remote.start(url, person)).connect();
    return { call: (name) => remote.call(name), tokens: () => remote.saved('tokens'), opened: remote.opened, close: () => remote.close() };
  },
};

describe('expiry', { concurrency: true }, () => {
  let demo;
  before(async () => {
    demo = await startDemo({ args: ['--access-token-ttl', '2s'] });
  });
  after(async () => {
    await demo?.stop();
    await closeBrowser();
  });

  for (const [name, start] of Object.entries(clients)) {
    test(`${name} refreshes without the person`, limit, async (t) => {
      const person = await Person.arrive();
      t.after(() => person.leave());
      const client = await start(demo.todo, person);
      t.after(() => client.close());
      const first = await client.tokens();
      await refused(demo.todo, first.access_token, 90);
      await client.call('whoami');
      const second = await client.tokens();
      holds('access_token after expiry', 'the same', second.access_token !== first.access_token, 'another one');
      holds('refresh_token after expiry', 'the same', second.refresh_token !== first.refresh_token, 'another one');
      same('authorizations opened', client.opened.length, 1);
    });
  }
});
