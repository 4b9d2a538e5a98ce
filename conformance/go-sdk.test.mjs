// go-sdk.test.mjs: the official Go MCP client, in goclient/.

import { after, before, describe, test } from 'node:test';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, matches, same } from './lib/check.mjs';
import { ada, recheck, startDemo } from './lib/demo.mjs';
import { certificate, Documents } from './lib/documents.mjs';
import { GoHost } from './lib/go-host.mjs';
import { refused } from './lib/mcp.mjs';
import { postForm, refresh } from './lib/oauth.mjs';
import { freePort } from './lib/process.mjs';
import { todoTools } from './lib/sdk-scenarios.mjs';

const limit = { timeout: 120_000 };

describe('Go SDK', { concurrency: false }, () => {
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

  const start = async (t, { url = demo.todo, person = ana, args } = {}) => {
    const host = await new GoHost(url, person, args).ready();
    t.after(() => host.child.stop());
    return host;
  };

  const ways = {
    'registers itself': async () => [],
    'uses a client id metadata document': async () => {
      const port = await freePort();
      const id = documents.put('go-sdk', { redirect_uris: [`http://127.0.0.1:${port}/callback`] });
      return ['-document', id, '-listen', `127.0.0.1:${port}`];
    },
    'is the pre-registered public client': async () => ['-client-id', 'demo-public'],
  };
  for (const [way, args] of Object.entries(ways)) {
    test(`${way}, logs in, lists and calls tools, steps up`, limit, async (t) => {
      const host = await start(t, { args: await args() });
      await host.do({ do: 'connect' });
      same('ListTools', await host.do({ do: 'tools' }), todoTools);
      matches('CallTool(whoami)', await host.do({ do: 'call', name: 'whoami' }), new RegExp(ada.subject));
      same('authorizations opened', host.opened.length, 1);
      await host.do({ do: 'call', name: 'create_item', args: { title: `from go: ${way}` } });
      same('authorizations opened after the step up', host.opened.length, 2);
      const token = await host.do({ do: 'token' });
      holds('token scope', token.scope, /todo\.read/.test(token.scope) && /todo\.write/.test(token.scope), 'both scopes');
      holds('token', Object.keys(token), token.refresh_token !== '', 'a refresh token');
    });
  }

  test('connects to a server of a path issuer', limit, async (t) => {
    const person = await Person.arrive();
    t.after(() => person.leave());
    const host = await start(t, { url: demo.north.todo, person });
    await host.do({ do: 'connect' });
    same('ListTools', await host.do({ do: 'tools' }), todoTools);
    matches('authorization URL', host.opened[0].href, new RegExp(`^${demo.north.issuer}/authorize\\?`));
  });

  test('registers anew when the server has forgotten it', limit, async (t) => {
    const first = await startDemo();
    const person = await Person.arrive();
    t.after(() => person.leave());
    const host = await start(t, { url: first.todo, person });
    try {
      await host.do({ do: 'connect' });
    } finally {
      await first.stop();
    }
    const second = await startDemo({ port: first.port });
    t.after(() => second.stop());
    await host.do({ do: 'connect' });
    matches('CallTool(whoami)', await host.do({ do: 'call', name: 'whoami' }), new RegExp(ada.subject));
    const [before, now] = host.opened.map((url) => url.searchParams.get('client_id'));
    holds('client_id', now, now !== before, `not ${before}`);
  });

  test('is cut off when its refresh token is revoked', limit, async (t) => {
    const host = await start(t);
    await host.do({ do: 'connect' });
    const token = await host.do({ do: 'token' });
    const client_id = host.opened[0].searchParams.get('client_id');
    const answer = await postForm(`${demo.issuer}/revoke`, { token: token.refresh_token, client_id });
    same(answer.call, answer.status, 200);
    const again = await refresh(demo.issuer, client_id, token.refresh_token);
    same(again.call, [again.status, again.json?.error], [400, 'invalid_grant']);
    await refused(demo.todo, token.access_token, recheck + 3);
    await host.do({ do: 'call', name: 'whoami' }); // it authorizes again
    same('authorizations opened', host.opened.length, 2);
  });
});
