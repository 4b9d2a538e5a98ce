// guide-node.test.mjs does what the guides for Express, Hono, Next.js and Workers say, command by command.

import { after, before, describe, test } from 'node:test';
import { closeBrowser, Person } from './lib/browser.mjs';
import { has, holds, matches, same } from './lib/check.mjs';
import { ada, recheck, startDemo } from './lib/demo.mjs';
import { Host } from './lib/host.mjs';
import { v2 } from './lib/kits.mjs';
import { refused } from './lib/mcp.mjs';
import { postForm } from './lib/oauth.mjs';
import { freePort } from './lib/process.mjs';
import { Reader } from './lib/reader.mjs';

const limit = { timeout: 120_000 };
const inWords = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen'];

/** routed is a server in one file, of which the page protects a route. */
const routed = {
  files: ['server.mjs'],
  protect(reader) {
    reader.change('server.mjs', /^/, () => reader.block('imports'));
    reader.change('server.mjs', /^app\.all\('\/mcp', .*\n/m, () => reader.block('protected'));
  },
  rules: 'server.mjs',
  tools: 'server.mjs',
};

/** stacks are the pages, and what they tell the reader to do with which file. */
const stacks = {
  express: routed,
  hono: routed,
  workers: {
    files: ['worker.js', 'wrangler.jsonc'],
    protect(reader) {
      reader.change('worker.js', /^/, () => reader.block('imports'));
      reader.change('worker.js', /^export default .*\n/m, () => reader.block('protected'));
      reader.change('wrangler.jsonc', /^{\n/, (line) => line + reader.block('vars'));
    },
    rules: 'worker.js',
    tools: 'worker.js',
    secret: 'secret',
  },
};

describe('the guides for Node', { concurrency: false }, () => {
  let demo, ana;
  const urls = {};
  before(async () => {
    for (const stack of Object.keys(stacks)) urls[stack] = `http://127.0.0.1:${await freePort()}/mcp`;
    demo = await startDemo({ args: Object.values(urls).flatMap((url) => ['--resource', url]) });
    ana = await Person.arrive();
  });
  after(async () => {
    await ana?.leave();
    await demo?.stop();
    await closeBrowser();
  });

  for (const [stack, { files, protect, rules, tools, secret }] of Object.entries(stacks)) {
    describe(stack, { concurrency: false }, () => {
      let reader, url;
      before(() => {
        url = urls[stack];
        const { port, host } = new URL(url);
        reader = new Reader(stack, url, [
          ['127.0.0.1:3000', host], ['listen(3000', `listen(${port}`], ['port 3000', `port ${port}`], ['port: 3000', `port: ${port}`],
          ['127.0.0.1:8080', `127.0.0.1:${demo.port}`], ['npx wrangler dev', 'node_modules/.bin/wrangler dev --inspector-port 0'],
        ]);
      });
      after(() => reader?.stop());

      test('the server is open at first', limit, async () => {
        await reader.installPackages();
        files.forEach((file) => reader.write(file, reader.block(file)));
        await reader.serve(200);
      });

      test('the authorization server starts, and takes a resource', limit, (t) => reader.startsAuthorizationServer(t));

      test('the server is protected, and says where a token is to be had', limit, async () => {
        const before = reader.lines();
        await reader.installOurs();
        protect(reader);
        matches(`docs/guides/${stack}.md`, reader.guide.text.toLowerCase(), new RegExp(`\\b${inWords[reader.added(before)]} lines, five minutes`));
        reader.change(tools, /^  return server\n/m, (line) => reader.block('whoami') + line);
        await reader.serve(401);
        const lines = (await reader.does('curl')).split('\n').map((line) => line.trim());
        matches('curl', lines[0], /^HTTP\/1\.1 401 /);
        has('curl', lines, reader.block('challenge').trim());
        await reader.does('check');
      });

      test('a client logs in, and steps up for the tool that needs more', limit, async (t) => {
        const host = await Host.start(v2, url, ana);
        t.after(() => host.close());
        await host.connect();
        same('callTool(whoami)', JSON.parse(await host.call('whoami')), ada.subject);
        same('callTool(list_items)', JSON.parse(await host.call('list_items')), []);
        same('authorizations opened', host.provider.opened.length, 1);
        holds('callTool(create_item)', await host.call('create_item', { title: 'buy milk' }), true, 'an answer');
        same('authorizations opened', host.provider.opened.length, 2);
      });

      test('with introspection, a token that was revoked stops working', limit, async (t) => {
        reader.change(rules, /^ *implies: .*\n/m, (line) => line + reader.block('introspection'));
        if (secret) await reader.does(secret);
        await reader.serve(401);
        const host = await Host.start(v2, url, ana);
        t.after(() => host.close());
        await host.connect();
        const { access_token, refresh_token } = host.provider.saved;
        await postForm(`${demo.issuer}/revoke`, { token: refresh_token, client_id: host.provider.client.client_id });
        await refused(url, access_token, recheck + 3);
      });

      test('every block of the page was used', () => {
        same('unused blocks', reader.guide.unused(), []);
      });
    });
  }
});
