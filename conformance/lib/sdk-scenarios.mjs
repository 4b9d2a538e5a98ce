// sdk-scenarios.mjs: what an official TypeScript MCP client must live through, the same for version 1 and 2.

import { after, before, describe, test } from 'node:test';
import { closeBrowser, Person } from './browser.mjs';
import { holds, matches, rejects, same } from './check.mjs';
import { ada, bob, confidential, recheck, startDemo } from './demo.mjs';
import { certificate, Documents } from './documents.mjs';
import { Host } from './host.mjs';
import { callTool, refused } from './mcp.mjs';
import { basic, postForm, refresh } from './oauth.mjs';

export const todoTools = ['complete_item', 'create_item', 'delete_item', 'list_items', 'whoami'];
const okrTools = ['add_key_result', 'add_objective', 'delete_key_result', 'delete_objective', 'list_objectives', 'set_key_result_attainment'];
const limit = { timeout: 120_000 };

/** scenarios runs them all for one kit: {name, Client, Transport, finish}. */
export function scenarios(kit) {
  describe(kit.name, { concurrency: false }, () => {
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

    const host = async (t, url = demo.todo, options = undefined, person = ana) => {
      const started = await Host.start(kit, url, person, options);
      t.after(() => started.close());
      return started;
    };

    test('registers itself, logs in, is allowed, lists and calls tools', limit, async (t) => {
      const h = await (await host(t)).connect();
      same('listTools()', await h.tools(), todoTools);
      matches('callTool(whoami)', await h.call('whoami'), new RegExp(ada.subject));
      await h.call('list_items');
      same('registrations', h.provider.registrations, 1);
      same('authorizations opened', h.provider.opened.length, 1);
      same('token scope', h.provider.saved.scope.split(' ').filter((s) => s !== 'offline_access'), ['todo.read']);
    });

    test('uses a client id metadata document when it has one', limit, async (t) => {
      let id;
      const h = await host(t, demo.todo, (uri) => {
        id = documents.put(`${kit.id}-sdk`, { redirect_uris: [uri] });
        return { clientMetadataUrl: id };
      });
      await h.connect();
      same('registrations', h.provider.registrations, 0);
      same('client_id asked with', h.provider.opened[0].searchParams.get('client_id'), id);
      await h.call('whoami');
    });

    test('works as a pre-registered public client', limit, async (t) => {
      const h = await host(t, demo.todo, () => ({ client: { client_id: 'demo-public' } }));
      await h.connect();
      same('registrations', h.provider.registrations, 0);
      await h.call('whoami');
    });

    for (const method of ['client_secret_basic', 'client_secret_post']) {
      test(`registers for a secret and authenticates by ${method}`, limit, async (t) => {
        const h = await host(t, demo.todo, () => ({ metadata: { token_endpoint_auth_method: method } }));
        await h.connect();
        holds('clientInformation()', h.provider.client, h.provider.client.client_secret?.length > 20, 'a client_secret');
        same('token_endpoint_auth_method', h.provider.client.token_endpoint_auth_method, method);
        await h.call('whoami');
      });
    }

    test('connects to a server of a path issuer', limit, async (t) => {
      const person = await Person.arrive();
      t.after(() => person.leave());
      const h = await (await host(t, demo.north.todo, undefined, person)).connect();
      same('authorization endpoint', h.provider.opened[0].href.split('?')[0], `${demo.north.issuer}/authorize`);
      same('listTools()', await h.tools(), todoTools);
    });

    test('connects to the OKR server, as an admin and as a member', limit, async (t) => {
      const h = await (await host(t, demo.okr)).connect();
      same('listTools()', await h.tools(), okrTools);
      await h.call('list_objectives');
      const person = await Person.arrive(bob);
      t.after(() => person.leave());
      const b = await (await host(t, demo.okr, undefined, person)).connect();
      await b.call('list_objectives');
    });

    test('without a refresh token, steps up from read to write', limit, async (t) => {
      const h = await host(t, demo.todo, () => ({ metadata: { grant_types: ['authorization_code'] } }));
      await h.connect();
      same('refresh token', h.provider.saved.refresh_token, undefined);
      await stepUp(h);
    });

    if (kit.stepsUpWithRefreshToken) {
      test('with a refresh token, steps up from read to write', limit, async (t) => {
        const h = await (await host(t)).connect();
        holds('saveTokens()', Object.keys(h.provider.saved), !!h.provider.saved.refresh_token, 'a refresh_token');
        await stepUp(h);
      });
    } else {
      test('with a refresh token, cannot step up by itself (documented)', limit, async (t) => {
        const h = await (await host(t)).connect();
        holds('saveTokens()', Object.keys(h.provider.saved), !!h.provider.saved.refresh_token, 'a refresh_token');
        await rejects('callTool(create_item)', h.call('create_item', { title: 'x' }), /403 after trying upscoping/);
        h.provider.saved = undefined; // what its host application has to do
        await h.connect();
        await h.call('whoami');
      });
    }

    test('is told when the person denies, and the issuer that says so', limit, async (t) => {
      const h = await host(t);
      h.person = { authorize: (url) => ana.authorize(url, { answer: 'Deny' }) };
      let params;
      h.kit = { ...kit, finish: (transport, got) => ((params = got), kit.finish(transport, got)) };
      await rejects('connect()', h.connect(), /access_denied|did not allow/);
      same('error', params.get('error'), 'access_denied');
      same('iss', params.get('iss'), demo.issuer);
      same('code', params.get('code'), null);
    });

    test('is cut off when its refresh token is revoked', limit, async (t) => {
      const h = await (await host(t)).connect();
      const { access_token, refresh_token } = h.provider.saved;
      const { client_id } = h.provider.client;
      const answer = await postForm(`${demo.issuer}/revoke`, { token: refresh_token, token_type_hint: 'refresh_token', client_id });
      same(answer.call, answer.status, 200);
      const again = await refresh(demo.issuer, client_id, refresh_token);
      same(again.call, [again.status, again.json?.error], [400, 'invalid_grant']);
      await refused(demo.todo, access_token, recheck + 3);
      await h.connect(); // the client finds out for itself and asks the person again
      same('authorizations opened', h.provider.opened.length, 2);
      holds('invalidateCredentials()', h.provider.invalidated, h.provider.invalidated.includes('tokens'), 'a call with "tokens"');
      await h.call('whoami');
    });

    test('registers anew when the server has forgotten it', limit, async (t) => {
      const first = await startDemo();
      const person = await Person.arrive();
      t.after(() => person.leave());
      const h = await host(t, first.todo, undefined, person);
      try {
        await h.connect();
      } finally {
        await first.stop();
      }
      const { client_id } = h.provider.client;
      const second = await startDemo({ port: first.port });
      t.after(() => second.stop());
      await h.connect();
      same('registrations', h.provider.registrations, 2);
      holds('client_id', h.provider.client.client_id, h.provider.client.client_id !== client_id, `not ${client_id}`);
      holds('invalidateCredentials()', h.provider.invalidated, h.provider.invalidated.some((what) => /all|client/.test(what)), 'the client dropped');
      await h.call('whoami');
    });

    test('the confidential client of the demo gets a token of its own', limit, async () => {
      const answer = await postForm(`${demo.issuer}/token`, {
        grant_type: 'client_credentials', resource: demo.todo, scope: 'todo.read',
      }, basic(confidential));
      same(answer.call, answer.status, 200);
      same('refresh_token', answer.json.refresh_token, undefined);
      const listed = await callTool(demo.todo, answer.json.access_token, 'list_items');
      same(listed.call, listed.status, 200);
    });
  });
}

/** stepUp calls a tool that needs todo.write and finds that the token has both scopes now. */
export async function stepUp(h) {
  const before = h.provider.client.client_id;
  await h.call('create_item', { title: 'buy milk' });
  same('authorizations opened', h.provider.opened.length, 2);
  same('client_id', h.provider.client.client_id, before);
  const asked = h.provider.opened[1].searchParams.get('scope').split(' ');
  holds('scope asked for', asked, ['todo.read', 'todo.write'].every((s) => asked.includes(s)), 'todo.read and todo.write');
  const text = await h.call('list_items');
  holds('callTool(list_items)', text, text.includes('buy milk'), 'the new item');
}
