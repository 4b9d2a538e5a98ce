// walkthrough.mjs does what a guide for a Node stack says, command by command: an open server, protected, seen by a client.

import { after, before, describe, test } from 'node:test';
import { closeBrowser, Person } from './browser.mjs';
import { has, holds, matches, same } from './check.mjs';
import { ada, recheck, startDemo } from './demo.mjs';
import { Host } from './host.mjs';
import { v2 } from './kits.mjs';
import { refused } from './mcp.mjs';
import { postForm } from './oauth.mjs';
import { freePort } from './process.mjs';
import { Reader } from './reader.mjs';

const limit = { timeout: 240_000 };
const inWords = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen'];

/** named is a line of a header with its name in lower case, which every server writes as it likes (RFC 9110 §5.1). */
const named = (line) => line.replace(/^[\w-]+:/, (name) => name.toLowerCase());

/**
 * walkthrough is the tests of a page. `files` are those of the open server, by the name of their block; `protect` does to them
 * what step 2 says; `tools` and `rules` are the file and the line before which a tool goes, and the file of createResource;
 * `revocation` is what step 4 says besides, and `besides` what the rest of the page does; the blocks
 * of `compiled` are tried elsewhere.
 */
export function walkthrough(stack, { files, protect, tools, rules, revocation, besides, compiled = [] }) {
  describe(`the guide ${stack}.md`, { concurrency: false }, () => {
    let demo, ana, reader, url;
    before(async () => {
      const port = await freePort();
      url = `http://127.0.0.1:${port}/mcp`;
      demo = await startDemo({ args: ['--resource', url] });
      ana = await Person.arrive();
      reader = new Reader(stack, url, [
        ['127.0.0.1:3000', `127.0.0.1:${port}`], ['listen(3000', `listen(${port}`], ['port 3000', `port ${port}`], ['port: 3000', `port: ${port}`],
        ['127.0.0.1:8080', `127.0.0.1:${demo.port}`], ['npx ', 'node_modules/.bin/'],
        ['wrangler dev', 'wrangler dev --inspector-port 0'],
      ]);
    });
    after(async () => {
      await ana?.leave();
      await reader?.stop();
      await demo?.stop();
      await closeBrowser();
    });

    test('the server is open at first', limit, async () => {
      await reader.installPackages();
      for (const [name, path] of Object.entries(files)) reader.write(path, reader.block(name));
      await reader.serve(200);
    });

    test('the authorization server starts, and takes a resource and a client that asks', limit, (t) => reader.startsAuthorizationServer(t));

    test('the server is protected, and says where a token is to be had', limit, async () => {
      const before = reader.lines();
      await reader.installOurs();
      protect(reader);
      matches(`docs/guides/${stack}.md`, reader.guide.text.toLowerCase(), new RegExp(`\\b${inWords[reader.added(before)]} lines, five minutes`));
      reader.change(...tools, (line) => reader.block('whoami') + line);
      await reader.serve(401);
      const lines = (await reader.does('curl')).split('\n').map((line) => named(line.trim()));
      matches('curl', lines[0], /^HTTP\/1\.1 401 /);
      has('curl', lines, named(reader.block('challenge').trim()));
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
      await revocation?.(reader);
      await reader.serve(401);
      const host = await Host.start(v2, url, ana);
      t.after(() => host.close());
      await host.connect();
      const { access_token, refresh_token } = host.provider.saved;
      await postForm(`${demo.issuer}/revoke`, { token: refresh_token, client_id: host.provider.client.client_id });
      await refused(url, access_token, recheck + 3);
    });

    if (besides) test('what the page says besides', limit, () => besides(reader));

    test('every block of the page was used', () => {
      same('unused blocks', reader.guide.unused(), compiled);
    });
  });
}
