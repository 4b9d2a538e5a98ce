// mcp-remote.test.mjs: mcp-remote, the bridge that gives stdio-only MCP clients a remote server.

import { after, before, describe, test } from 'node:test';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, matches, same } from './lib/check.mjs';
import { ada, recheck, startDemo } from './lib/demo.mjs';
import { certificate, Documents } from './lib/documents.mjs';
import { refused } from './lib/mcp.mjs';
import { postForm, refresh } from './lib/oauth.mjs';
import { freePort, freshDir } from './lib/process.mjs';
import { Remote } from './lib/remote.mjs';
import { todoTools } from './lib/sdk-scenarios.mjs';

const limit = { timeout: 120_000 };
describe('mcp-remote', { concurrency: false }, () => {
  let demo, documents, ana;
  before(async () => {
    const tls = certificate();
    documents = await Documents.serve(tls);
    demo = await startDemo({ env: { SSL_CERT_FILE: tls.cert } });
    ana = await Person.arrive();
  });
  after(async () => {
    await ana?.leave();
    await demo?.stop();
    await documents?.close();
    await closeBrowser();
  });

  const start = async (t, url, options, person = ana) => {
    const remote = await Remote.start(url, person, options);
    t.after(() => remote.close());
    return remote;
  };

  test('registers itself, logs in, lists and calls tools, steps up', limit, async (t) => {
    const remote = await (await start(t, demo.todo)).connect();
    same('listTools()', await remote.tools(), todoTools);
    matches('callTool(whoami)', await remote.call('whoami'), new RegExp(ada.subject));
    same('authorizations opened', remote.opened.length, 1);
    await remote.call('create_item', { title: 'from mcp-remote' });
    same('authorizations opened after the step up', remote.opened.length, 2);
    matches('callTool(list_items)', await remote.call('list_items'), /from mcp-remote/);
  });

  test('uses a client id metadata document', limit, async (t) => {
    const port = await freePort();
    const id = documents.put('mcp-remote', { redirect_uris: [`http://localhost:${port}/oauth/callback`] });
    const remote = await (await start(t, demo.todo, { port, flags: ['--client-metadata-url', id] })).connect();
    same('client_id', remote.opened[0].searchParams.get('client_id'), id);
    await remote.call('whoami');
  });

  test('is the pre-registered public client', limit, async (t) => {
    const flags = ['--host', '127.0.0.1', '--callback-path', '/callback', '--static-oauth-client-info', '{"client_id":"demo-public"}'];
    const remote = await (await start(t, demo.todo, { flags })).connect();
    same('client_id', remote.opened[0].searchParams.get('client_id'), 'demo-public');
    await remote.call('whoami');
  });

  test('connects to a server of a path issuer', limit, async (t) => {
    const person = await Person.arrive();
    t.after(() => person.leave());
    const remote = await (await start(t, demo.north.todo, {}, person)).connect();
    same('listTools()', await remote.tools(), todoTools);
  });

  test('registers anew when the server has forgotten it', limit, async (t) => {
    const first = await startDemo();
    const person = await Person.arrive();
    t.after(() => person.leave());
    const dir = freshDir('mcp-remote');
    const port = await freePort();
    let client_id;
    try {
      const before = await (await start(t, first.todo, { dir, port }, person)).connect();
      client_id = before.saved('client_info').client_id;
      await before.close();
    } finally {
      await first.stop();
    }
    const second = await startDemo({ port: first.port });
    t.after(() => second.stop());
    const after = await (await start(t, second.todo, { dir, port }, person)).connect();
    matches('callTool(whoami)', await after.call('whoami'), new RegExp(ada.subject));
    holds('client_id', after.saved('client_info').client_id, after.saved('client_info').client_id !== client_id, `not ${client_id}`);
  });

  test('is cut off when its refresh token is revoked', limit, async (t) => {
    const remote = await (await start(t, demo.todo)).connect();
    const { access_token, refresh_token } = remote.saved('tokens');
    const { client_id } = remote.saved('client_info');
    const answer = await postForm(`${demo.issuer}/revoke`, { token: refresh_token, client_id });
    same(answer.call, answer.status, 200);
    const again = await refresh(demo.issuer, client_id, refresh_token);
    same(again.call, [again.status, again.json?.error], [400, 'invalid_grant']);
    await refused(demo.todo, access_token, recheck + 3);
    await remote.call('whoami'); // it signs in again
    same('authorizations opened', remote.opened.length, 2);
  });
});
