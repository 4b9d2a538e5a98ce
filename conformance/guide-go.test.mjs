// guide-go.test.mjs does what docs/guides/go.md says, command by command, in a module of its own.

import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { closeBrowser, Person } from './lib/browser.mjs';
import { has, matches, same } from './lib/check.mjs';
import { ada, recheck, startDemo } from './lib/demo.mjs';
import { GoHost } from './lib/go-host.mjs';
import { GoModule } from './lib/go-module.mjs';
import { Guide } from './lib/guide.mjs';
import { mcp, refused } from './lib/mcp.mjs';
import { ask, postForm, tokensFor } from './lib/oauth.mjs';
import { Child, freePort } from './lib/process.mjs';
import { until } from './lib/until.mjs';

const limit = { timeout: 180_000 };

describe('the guide for Go', { concurrency: false }, () => {
  const guide = new Guide('go.md');
  let demo, ana, module, places, url;

  before(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/mcp`;
    demo = await startDemo({ args: ['--resource', url] });
    places = [['127.0.0.1:3000', `127.0.0.1:${port}`], ['127.0.0.1:8080', `127.0.0.1:${demo.port}`]];
    module = new GoModule('guide-go', places);
    ana = await Person.arrive();
  });
  after(async () => {
    await ana?.leave();
    await module?.stop();
    await demo?.stop();
    await closeBrowser();
  });

  const serve = (status) => module.serve(guide.block('serve'), url, status);

  test('the server is open at first', limit, async () => {
    module.edit('main.go', [/^$/, guide.block('main.go')]);
    await module.settle();
    await serve(200);
  });

  test('the authorization server starts, and takes a resource', limit, async (t) => {
    const port = await freePort();
    const command = guide.block('demo', [['127.0.0.1:8080', `127.0.0.1:${port}`]]);
    const other = new Child('sh', ['-c', `exec ${command}`], { cwd: module.dir, env: module.env });
    t.after(() => other.stop());
    await until('the demo of the guide is ready', async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200);
    const data = join(module.dir, 'demo-data');
    const added = await module.sh(guide.block('resource'), {
      AUTHWRIGHT_ISSUER: `http://127.0.0.1:${port}`, AUTHWRIGHT_DATABASE: `sqlite:${join(data, 'authwright.db')}`, AUTHWRIGHT_KEY_FILE: join(data, 'kek'),
    });
    matches('authwright resource add', added, /https:\/\/todo\.example\.com\/mcp is there/);
  });

  test('the server is protected by fourteen lines, and says where a token is to be had', limit, async () => {
    await module.sh(guide.block('install'));
    const added = module.edit('main.go',
      [/(?=\t"github\.com\/modelcontextprotocol)/, guide.block('imports')],
      [/(?=func handler)/, `${guide.block('config')}\n`],
      [/\tmux\.Handle\(.*\n/, guide.block('mount')]);
    same('lines added', added, 14);
    await serve(401);
    const curl = await module.sh(guide.block('curl', places));
    const lines = curl.split('\n').map((line) => line.trim());
    same('curl: the first line', lines[0], 'HTTP/1.1 401 Unauthorized');
    has('curl', lines, guide.block('challenge', places).trim());
    await module.sh(guide.block('check', places));
  });

  test('a tool knows who calls, and so does a handler that does not speak MCP', limit, async () => {
    module.edit('main.go',
      [/(?<="context"\n)/, '\t"errors"\n\t"fmt"\n'],
      [/(?=\n\tmux := )/, guide.block('whoami')],
      [/(?=\treturn mux)/, guide.block('export')]);
    await serve(401);
    const { access_token } = await tokensFor(ana, demo.issuer, { resource: url, scope: 'todo.read' });
    const address = new URL('/export', url);
    same(`GET ${address} without a token`, (await ask(address)).status, 401);
    const answer = await ask(address, { headers: { authorization: `Bearer ${access_token}` } });
    same(answer.call, answer.text, `what there is to do, for ${ada.subject}\n`);
  });

  test('a client logs in, and steps up for the tool that needs more', limit, async (t) => {
    const host = await new GoHost(url, ana).ready();
    t.after(() => host.child.stop());
    await host.do({ do: 'connect' });
    matches('CallTool(whoami)', await host.do({ do: 'call', name: 'whoami' }), new RegExp(`"${ada.subject}"`));
    same('authorizations opened', host.opened.length, 1);
    matches('CallTool(create_item)', await host.do({ do: 'call', name: 'create_item', args: { title: 'buy milk' } }), /buy milk/);
    same('authorizations opened', host.opened.length, 2);
    matches('CallTool(list_items)', await host.do({ do: 'call', name: 'list_items' }), /buy milk/);
  });

  test('with introspection, a token that was revoked stops working', limit, async () => {
    module.edit('main.go', [/(?<=Implies: .*\n)/, guide.block('introspection')]);
    await serve(401);
    const good = await tokensFor(ana, demo.issuer, { resource: url, scope: 'todo.read' });
    same('a good token: status', (await mcp(url, good.access_token)).status, 200);
    await postForm(`${demo.issuer}/revoke`, { token: good.refresh_token, client_id: good.client_id });
    await refused(url, good.access_token, recheck + 3);
  });

  test('the server is tested without a network, and the test fails when the tool needs nothing', limit, async () => {
    module.edit('main_test.go', [/^$/, guide.block('main_test.go')]);
    await module.sh('go vet . && go test .');
    module.edit('main.go', [/create_item": {/, 'create-item": {']);
    const run = await module.run('go test .');
    same(`${run.name}, another tool in the configuration: exit code`, run.code, 1);
    matches(run.name, run.output, /create_item with todo\.read: <nil>/);
  });

  test('every block of the page was used', () => {
    same('unused blocks', guide.unused(), []);
  });
});
