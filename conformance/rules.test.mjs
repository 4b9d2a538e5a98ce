// rules.test.mjs: the twenty-one rules that follow from what real clients do; each test's name begins with its number.

import { after, before, describe, test } from 'node:test';
import { createServer } from 'node:http';
import { closeBrowser, Person } from './lib/browser.mjs';
import { has, hasNot, hollow, holds, matches, same } from './lib/check.mjs';
import { confidential, recheck, startDemo } from './lib/demo.mjs';
import { callTool, mcp, parseChallenge, refused } from './lib/mcp.mjs';
import { Child } from './lib/process.mjs';
import {
  ask, authorize, authorizeURL, basic, claimsOf, metadata, metadataURLs, pkce, postForm, postJSON, prmURL, redeem,
  refresh, register, registered, tokensFor,
} from './lib/oauth.mjs';

const limit = { timeout: 60_000 };

describe('rules of real clients', { concurrency: false }, () => {
  let demo, ana, issuers;
  before(async () => {
    demo = await startDemo();
    issuers = [{ issuer: demo.issuer, resource: demo.todo }, { issuer: demo.north.issuer, resource: demo.north.todo }];
    ana = await Person.arrive();
  });
  after(async () => {
    await ana?.leave();
    await demo?.stop();
    await closeBrowser();
  });

  test('1: the issuer is one string everywhere, without a trailing slash', limit, async () => {
    for (const { issuer, resource } of issuers) {
      for (const url of metadataURLs(issuer)) same(`GET ${url}: issuer`, (await ask(url)).json?.issuer, issuer);
      const prm = await ask(prmURL(resource));
      same(`${prm.call}: authorization_servers`, prm.json?.authorization_servers, [issuer]);
      const authorization = await authorize(ana, issuer, { resource });
      same('iss of the authorization response', authorization.params.getAll('iss'), [issuer]);
      const { json } = await redeem(issuer, authorization);
      same('iss of the access token', claimsOf(json.access_token).claims.iss, issuer);
    }
  });

  test('2: iss is advertised, and sent with a code and with an error', limit, async () => {
    for (const { issuer, resource } of issuers) {
      same('authorization_response_iss_parameter_supported', (await metadata(issuer)).authorization_response_iss_parameter_supported, true);
      const allowed = await authorize(ana, issuer, { resource });
      same('allowed: iss', allowed.params.getAll('iss'), [issuer]);
      const denied = await authorize(ana, issuer, { resource }, { answer: 'Deny' });
      same('denied: error, iss, state', ['error', 'iss', 'state'].map((p) => denied.params.get(p)), ['access_denied', issuer, denied.state]);
      const wrong = await authorize(ana, issuer, { resource: `${demo.origin}/nowhere/mcp` });
      same('unknown resource: error, iss, state', ['error', 'iss', 'state'].map((p) => wrong.params.get(p)), ['invalid_target', issuer, wrong.state]);
    }
  });

  test('3: S256 and application/json in every metadata document', limit, async () => {
    for (const { issuer } of issuers) {
      for (const url of metadataURLs(issuer)) {
        const answer = await ask(url);
        same(`${answer.call}: status`, answer.status, 200);
        same(`${answer.call}: code_challenge_methods_supported`, answer.json.code_challenge_methods_supported, ['S256']);
        matches(`${answer.call}: Content-Type`, answer.headers.get('content-type'), /^application\/json(;|$)/);
      }
    }
  });

  test('4: no null and no empty string in any JSON', limit, async () => {
    const { issuer, resource } = issuers[0];
    const answers = [];
    for (const at of issuers) {
      for (const url of [...metadataURLs(at.issuer), prmURL(at.resource), `${at.issuer}/jwks`]) answers.push(await ask(url));
    }
    answers.push(await register(issuer, { redirect_uris: ['http://127.0.0.1:9/cb'] }));
    answers.push(await register(issuer, { redirect_uris: ['http://127.0.0.1:9/cb'], token_endpoint_auth_method: 'client_secret_post' }));
    for (const optional of ['client_uri', 'logo_uri', 'tos_uri', 'policy_uri']) {
      answers.push(await register(issuer, { redirect_uris: ['http://127.0.0.1:9/cb'], [optional]: null }));
      answers.push(await register(issuer, { redirect_uris: ['http://127.0.0.1:9/cb'], [optional]: '' }));
    }
    const authorization = await authorize(ana, issuer, { resource });
    const redeemed = await redeem(issuer, authorization);
    answers.push(redeemed, await refresh(issuer, authorization.client_id, redeemed.json.refresh_token));
    answers.push(await redeem(issuer, authorization, { code: 'nonsense' }));
    for (const token of [redeemed.json.access_token, 'nonsense']) {
      answers.push(await postForm(`${issuer}/introspect`, { token }, basic(confidential)));
    }
    for (const answer of answers) {
      holds(`${answer.call} = ${answer.status}`, answer.text, answer.json !== undefined, 'JSON');
      same(`${answer.call} = ${answer.status} ${answer.text}: null or empty at`, hollow(answer.json), []);
    }
  });

  test('5: a registration is answered the way every client needs', limit, async () => {
    const redirect_uris = ['http://127.0.0.1:4711/cb', 'https://client.example/cb', 'com.example.app:/cb'];
    for (const application_type of ['native', 'web', undefined]) {
      const answer = await register(demo.issuer, { redirect_uris, application_type, never_heard_of: { a: 1 }, client_name: `five ${application_type}` });
      same(`${answer.call} ${answer.text}: status`, answer.status, 201);
      same('redirect_uris', answer.json.redirect_uris, redirect_uris);
      same('token_endpoint_auth_method', answer.json.token_endpoint_auth_method, 'none');
      holds('client_id_issued_at', answer.json.client_id_issued_at, Number.isInteger(answer.json.client_id_issued_at), 'an integer');
      same('client_secret, client_secret_expires_at', [answer.json.client_secret, answer.json.client_secret_expires_at], [undefined, undefined]);
    }
    const secret = await register(demo.issuer, { redirect_uris, token_endpoint_auth_method: 'client_secret_basic' });
    same(`${secret.call} ${secret.text}: status`, secret.status, 201);
    holds('client_secret', secret.json.client_secret, secret.json.client_secret?.length >= 32, 'at least 32 characters');
    same('client_secret_expires_at', secret.json.client_secret_expires_at, 0);
    for (const body of ['not json', '[]', '{}', '{"redirect_uris":[]}', '{"redirect_uris":"https://a.example/"}', '{"redirect_uris":["javascript:alert(1)"]}']) {
      const refusal = await ask(`${demo.issuer}/register`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      same(`${refusal.call} ${body}: status`, refusal.status, 400);
      matches(`${refusal.call} ${body}: error`, refusal.json?.error, /^invalid_(client_metadata|redirect_uri)$/);
      matches(`${refusal.call} ${body}: error_description`, refusal.json?.error_description, /\w/);
    }
  });

  test('6: the scope of a registration is no ceiling', limit, async () => {
    const tokens = await tokensFor(ana, demo.issuer, { ...(await fresh({ scope: 'todo.read' })), scope: 'todo.read todo.write', resource: demo.todo });
    same('granted scope', tokens.scope.split(' ').sort(), ['todo.read', 'todo.write']);
  });

  test('7: identical registrations are one client; a client that is gone is invalid_client', limit, async () => {
    const members = { redirect_uris: ['http://127.0.0.1:4712/cb'], client_name: 'seven' };
    const [one, two, other] = [
      await register(demo.issuer, members), await register(demo.issuer, members), await register(demo.issuer, { ...members, client_name: 'seven too' }),
    ];
    same('client_id of the second registration', two.json.client_id, one.json.client_id);
    holds('client_id of another registration', other.json.client_id, other.json.client_id !== one.json.client_id, `not ${one.json.client_id}`);
    const secrets = [];
    for (let i = 0; i < 2; i++) secrets.push((await register(demo.issuer, { ...members, token_endpoint_auth_method: 'client_secret_post' })).json);
    holds('client_ids of two confidential registrations', secrets.map((s) => s.client_id), secrets[0].client_id !== secrets[1].client_id, 'two');
    const gone = await refresh(demo.issuer, 'long-gone', 'aw_rt_x');
    same(gone.call, [gone.status, gone.json?.error], [401, 'invalid_client']);
  });

  test('8: an unknown client gets 401 JSON, a page, or 400 JSON, never a redirect', limit, async () => {
    const token = await redeem(demo.issuer, { code: 'x', client_id: 'nobody', redirect_uri: 'http://127.0.0.1:1/cb', verifier: pkce().verifier });
    same(`${token.call} ${token.text}`, [token.status, token.json?.error], [401, 'invalid_client']);
    const url = authorizeURL(demo.issuer, { client_id: 'nobody', redirect_uri: 'http://127.0.0.1:1/cb', code_challenge: pkce().challenge, state: 's' });
    const page = await ask(url, { headers: { accept: 'text/html,*/*;q=0.8' } });
    same(`${page.call}: status`, page.status, 400);
    matches(`${page.call}: Content-Type`, page.headers.get('content-type'), /^text\/html/);
    const json = await ask(url, { headers: { accept: 'application/json' } });
    same(`${json.call} Accept: application/json`, [json.status, json.json?.error], [400, 'invalid_client']);
  });

  test('8: GET /authorize changes nothing, so a client may try it first', limit, async () => {
    const fields = await fresh();
    const probe = authorizeURL(demo.issuer, { ...fields, redirect_uri: 'http://127.0.0.1:1/callback', code_challenge: pkce().challenge, state: 's' });
    for (let i = 0; i < 3; i++) {
      const answer = await ask(probe, { headers: { accept: 'application/json' } });
      holds(`${answer.call} = ${answer.status} ${answer.text}`, answer.status, answer.status < 400, 'no refusal');
    }
    const tokens = await tokensFor(ana, demo.issuer, fields);
    same('token_type', tokens.token_type, 'Bearer');
  });

  test('9: a refresh token that is dead is 400 invalid_grant, whatever killed it', limit, async () => {
    const revoked = await tokensFor(ana, demo.issuer);
    const gone = await postForm(`${demo.issuer}/revoke`, { token: revoked.refresh_token, client_id: revoked.client_id });
    same(gone.call, gone.status, 200);
    const others = await tokensFor(ana, demo.issuer);
    const mine = await registered(demo.issuer, 'http://127.0.0.1:4713/nine', { client_name: 'nine' });
    const dead = {
      revoked: [revoked.client_id, revoked.refresh_token],
      'never issued': [mine, 'aw_rt_nonsense'],
      'of another client': [mine, others.refresh_token],
      'tampered with': [others.client_id, `${others.refresh_token.slice(0, -2)}${others.refresh_token.endsWith('AA') ? 'BB' : 'AA'}`],
    };
    for (const [what, [client_id, token]] of Object.entries(dead)) {
      const answer = await refresh(demo.issuer, client_id, token);
      same(`${answer.call} with a token ${what} (${answer.text})`, [answer.status, answer.json?.error], [400, 'invalid_grant']);
    }
    const resource = await refresh(demo.issuer, others.client_id, others.refresh_token, { resource: demo.okr });
    same(`${resource.call} for a resource it was not granted`, [resource.status, resource.json?.error], [400, 'invalid_grant']);
    const alive = await refresh(demo.issuer, others.client_id, others.refresh_token);
    same(`${alive.call} after all those (${alive.text})`, alive.status, 200);
  });

  test('10: refresh tokens come without offline_access, rotate, and keep the resource', limit, async () => {
    has('scopes_supported of the server', (await metadata(demo.issuer)).scopes_supported, 'offline_access');
    hasNot('scopes_supported of the resource', (await ask(prmURL(demo.todo))).json.scopes_supported, 'offline_access');
    hasNot('scope of the challenge', parseChallenge((await mcp(demo.todo)).headers.get('www-authenticate')).scope?.split(' '), 'offline_access');
    const tokens = await tokensFor(ana, demo.issuer, { resource: demo.todo, scope: 'todo.read' });
    matches('refresh_token', tokens.refresh_token, /./);
    const ways = [{}, { scope: 'todo.read', resource: demo.todo }, { scope: 'todo.read' }, { resource: demo.todo }];
    let last = tokens.refresh_token;
    for (const extra of ways) {
      const answer = await refresh(demo.issuer, tokens.client_id, last, extra);
      same(`${answer.call} ${JSON.stringify(extra)} (${answer.text})`, answer.status, 200);
      same('aud', claimsOf(answer.json.access_token).claims.aud, demo.todo);
      holds('refresh_token', 'the same', answer.json.refresh_token !== last, 'a new one');
      last = answer.json.refresh_token;
    }
    for (const grant_types of [undefined, ['authorization_code', 'refresh_token']]) {
      const { refresh_token } = await tokensFor(ana, demo.issuer, await fresh({ grant_types }));
      matches(`refresh_token of a client with grant_types ${grant_types}`, refresh_token, /./);
    }
    const { refresh_token } = await tokensFor(ana, demo.issuer, await fresh({ grant_types: ['authorization_code'] }));
    same('refresh_token of a client that does not want one', refresh_token, undefined);
  });

  test('11: the 403 names everything that is needed and where the metadata is', limit, async () => {
    const { access_token } = await tokensFor(ana, demo.issuer, { resource: demo.todo, scope: 'todo.read' });
    const answer = await callTool(demo.todo, access_token, 'create_item', { title: 'eleven' });
    same(`${answer.call} create_item`, answer.status, 403);
    const challenge = parseChallenge(answer.headers.get('www-authenticate'));
    same('scheme, error', [challenge.scheme, challenge.error], ['Bearer', 'insufficient_scope']);
    same('scope', challenge.scope.split(' ').sort(), ['todo.read', 'todo.write']);
    same('resource_metadata', challenge.resource_metadata, prmURL(demo.todo));
  });

  test('12: the 401 begins with Bearer, for every method and every kind of bad token', limit, async () => {
    for (const method of ['POST', 'GET', 'HEAD', 'DELETE', 'PUT']) {
      const answer = await ask(demo.todo, { method });
      same(answer.call, answer.status, 401);
      const challenge = parseChallenge(answer.headers.get('www-authenticate'));
      same(`${answer.call}: scheme, error, resource_metadata, scope`,
        [challenge.scheme, challenge.error, challenge.resource_metadata, challenge.scope], ['Bearer', undefined, prmURL(demo.todo), 'todo.read']);
    }
    const { access_token } = await tokensFor(ana, demo.north.issuer, { resource: demo.north.todo });
    const [head, body, signature] = access_token.split('.');
    const bad = { nonsense: 'nonsense', 'of another issuer': access_token, 'without a signature': `${head}.${body}.`, 'signed otherwise': `${head}.${body}.${signature.split('').reverse().join('')}` };
    for (const [what, token] of Object.entries(bad)) {
      const answer = await mcp(demo.todo, token);
      same(`${answer.call} with a token ${what}`, answer.status, 401);
      const challenge = parseChallenge(answer.headers.get('www-authenticate'));
      same(`${answer.call} with a token ${what}: scheme, error`, [challenge.scheme, challenge.error], ['Bearer', 'invalid_token']);
    }
    const query = await ask(`${demo.todo}?access_token=${access_token}`, { method: 'POST' });
    same('a token in the query', query.status, 401);
  });

  test('13: the resource metadata is at the path of the server and names it exactly', limit, async () => {
    for (const { resource } of [...issuers, { resource: demo.okr }]) {
      const answer = await ask(prmURL(resource));
      same(answer.call, answer.status, 200);
      same(`${answer.call}: resource`, answer.json.resource, resource);
      has(`${answer.call}: bearer_methods_supported`, answer.json.bearer_methods_supported, 'header');
      const challenged = parseChallenge((await mcp(resource)).headers.get('www-authenticate')).resource_metadata;
      same(`POST ${resource}: resource_metadata`, challenged, answer.call.split(' ')[1]);
    }
    const root = await ask(`${demo.origin}/.well-known/oauth-protected-resource`);
    holds(`${root.call} = ${root.status} ${root.text}`, root.status, root.status === 404, '404: the origin itself is no MCP server');
  });

  test('14: without scope and without resource the defaults are granted', limit, async () => {
    const tokens = await tokensFor(ana, demo.issuer);
    same('scope', tokens.scope, 'todo.read');
    same('aud', claimsOf(tokens.access_token).claims.aud, demo.todo);
    const answer = await callTool(demo.todo, tokens.access_token, 'list_items');
    same(answer.call, answer.status, 200);
  });

  test('15: a page may call the OAuth endpoints, and none of the pages of people', limit, async () => {
    const page = { origin: 'http://localhost:6274' };
    for (const { issuer, resource } of issuers) {
      const open = [
        ...metadataURLs(issuer).map((url) => ['GET', url]), ['GET', `${issuer}/jwks`], ['GET', prmURL(resource)],
        ...['token', 'register', 'revoke'].map((end) => ['POST', `${issuer}/${end}`]), ['POST', resource],
      ];
      for (const [method, url] of open) {
        for (const header of ['mcp-protocol-version', 'content-type', 'authorization']) {
          const preflight = await ask(url, { method: 'OPTIONS', headers: { ...page, 'access-control-request-method': method, 'access-control-request-headers': header } });
          holds(`${preflight.call}: status`, preflight.status, [200, 204].includes(preflight.status), '200 or 204');
          matches(`${preflight.call} for ${header}: Access-Control-Allow-Origin`, preflight.headers.get('access-control-allow-origin'), /^(\*|http:\/\/localhost:6274)$/);
          const allowed = preflight.headers.get('access-control-allow-headers')?.toLowerCase().split(/\s*,\s*/);
          has(`${preflight.call}: Access-Control-Allow-Headers`, allowed, header);
        }
        const real = await ask(url, { method, headers: page });
        matches(`${real.call} = ${real.status}: Access-Control-Allow-Origin`, real.headers.get('access-control-allow-origin'), /^(\*|http:\/\/localhost:6274)$/);
        same(`${real.call}: Access-Control-Allow-Credentials`, real.headers.get('access-control-allow-credentials'), null);
      }
      const exposed = (await ask(resource, { method: 'POST', headers: page })).headers.get('access-control-expose-headers')?.toLowerCase().split(/\s*,\s*/);
      has(`POST ${resource}: Access-Control-Expose-Headers`, exposed, 'www-authenticate');
      has(`POST ${resource}: Access-Control-Expose-Headers`, exposed, 'mcp-session-id');
      for (const path of ['authorize', 'login', 'consent', 'account']) {
        for (const method of ['GET', 'OPTIONS', 'POST']) {
          const answer = await ask(`${issuer}/${path}`, { method, headers: { ...page, 'access-control-request-method': 'POST' } });
          same(`${answer.call}: Access-Control-Allow-Origin`, answer.headers.get('access-control-allow-origin'), null);
        }
      }
    }
  });

  test('16: access tokens are those of RFC 9068', limit, async () => {
    const tokens = await tokensFor(ana, demo.issuer, { resource: demo.todo });
    const { header, claims } = claimsOf(tokens.access_token);
    same('typ', header.typ, 'at+jwt');
    const { keys } = (await ask(`${demo.issuer}/jwks`)).json;
    has('kid of the published keys', keys.map((key) => key.kid), header.kid);
    same('private members of the published keys', keys.flatMap((key) => ['d', 'p', 'q', 'k'].filter((m) => m in key)), []);
    same('iss, aud, client_id, scope', [claims.iss, claims.aud, claims.client_id, claims.scope], [demo.issuer, demo.todo, tokens.client_id, 'todo.read']);
    for (const time of ['exp', 'iat']) holds(time, claims[time], Number.isInteger(claims[time]), 'an integer');
    for (const name of ['sub', 'jti']) matches(name, claims[name], /./);
    const again = await refresh(demo.issuer, tokens.client_id, tokens.refresh_token);
    const next = claimsOf(again.json.access_token).claims;
    same('sub of the next token', next.sub, claims.sub);
    holds('jti of the next token', next.jti, next.jti !== claims.jti, `not ${claims.jti}`);
  });

  test('17: public clients are welcome, and a client may have a secret', limit, async () => {
    for (const { issuer } of issuers) {
      const methods = (await metadata(issuer)).token_endpoint_auth_methods_supported;
      for (const method of ['none', 'client_secret_basic', 'client_secret_post']) has('token_endpoint_auth_methods_supported', methods, method);
    }
    const redirect_uris = ['https://client.example/seventeen'];
    for (const method of ['client_secret_basic', 'client_secret_post']) {
      const { json } = await register(demo.issuer, { redirect_uris, token_endpoint_auth_method: method });
      same('token_endpoint_auth_method', json.token_endpoint_auth_method, method);
      const secretless = await refresh(demo.issuer, json.client_id, 'aw_rt_x');
      same(`${secretless.call} without the secret`, [secretless.status, secretless.json?.error], [401, 'invalid_client']);
      const credentials = { id: json.client_id, secret: json.client_secret };
      const known = method === 'client_secret_basic'
        ? await refresh(demo.issuer, undefined, 'aw_rt_x', {}, basic(credentials))
        : await refresh(demo.issuer, json.client_id, 'aw_rt_x', { client_secret: json.client_secret });
      same(`${known.call} with the secret`, [known.status, known.json?.error], [400, 'invalid_grant']);
    }
  });

  test('18: the token response is Bearer, with a number and the granted scope', limit, async () => {
    const scope = 'todo.read openid email profile made.up';
    const tokens = await tokensFor(ana, demo.issuer, { resource: demo.todo, scope });
    same('token_type', tokens.token_type, 'Bearer');
    holds('expires_in', tokens.expires_in, Number.isInteger(tokens.expires_in) && tokens.expires_in > 0, 'a positive integer');
    const granted = tokens.scope.split(' ');
    has('scope', granted, 'todo.read');
    hasNot('scope', granted, 'made.up');
    same('scope of the token', claimsOf(tokens.access_token).claims.scope.split(' ').includes('made.up'), false);
  });

  test('19: a code used twice kills the tokens it gave', limit, async () => {
    const authorization = await authorize(ana, demo.issuer, { resource: demo.todo });
    const first = await redeem(demo.issuer, authorization);
    same(first.call, first.status, 200);
    for (const wrong of [{ code_verifier: pkce().verifier }, { redirect_uri: 'http://127.0.0.1:1/other' }]) {
      const answer = await redeem(demo.issuer, authorization, wrong);
      same(`${answer.call} again, with ${Object.keys(wrong)} wrong`, [answer.status, answer.json?.error], [400, 'invalid_grant']);
    }
    const kept = await refresh(demo.issuer, authorization.client_id, first.json.refresh_token);
    same(`${kept.call} after a replay that could not prove anything`, kept.status, 200);
    const replay = await redeem(demo.issuer, authorization);
    same(`${replay.call} again`, [replay.status, replay.json?.error], [400, 'invalid_grant']);
    const dead = await refresh(demo.issuer, authorization.client_id, kept.json.refresh_token);
    same(`${dead.call} after the replay`, [dead.status, dead.json?.error], [400, 'invalid_grant']);
    await refused(demo.todo, first.json.access_token, recheck + 3);
  });

  test('20: a loopback redirect may come back on any port, and nowhere else', limit, async () => {
    const id = await registered(demo.issuer, 'http://127.0.0.1:4720/back?x=1', { client_name: 'twenty' });
    const reach = (redirect_uri) => ask(authorizeURL(demo.issuer, { client_id: id, redirect_uri, code_challenge: pkce().challenge, state: 's' }));
    for (const uri of ['http://127.0.0.1:4720/back?x=1', 'http://127.0.0.1:61000/back?x=1', 'http://127.0.0.1/back?x=1']) {
      const answer = await reach(uri);
      holds(`redirect_uri=${uri}: ${answer.status}`, answer.status, answer.status < 400, 'no refusal');
    }
    const elsewhere = [
      'http://localhost:4720/back?x=1', 'http://[::1]:4720/back?x=1', 'https://127.0.0.1:4720/back?x=1', 'http://127.0.0.1:4720/back',
      'http://127.0.0.1:4720/back?x=2', 'http://127.0.0.1:4720/back/?x=1', 'http://127.0.0.2:4720/back?x=1', 'http://127.0.0.1:4720@evil.example/back?x=1',
    ];
    for (const uri of elsewhere) {
      const answer = await reach(uri);
      same(`redirect_uri=${uri}: status, Location`, [answer.status, answer.headers.get('location')], [400, null]);
    }
  });

  test('21: the Go SDK refuses an authorization server on a private address (documented)', limit, async (t) => {
    let prm;
    const asked = new Set();
    const server = createServer((request, response) => {
      asked.add(request.url);
      if (request.url.startsWith('/.well-known/oauth-protected-resource')) {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(prm));
      } else if (request.url === '/mcp') {
        response.writeHead(401, { 'www-authenticate': 'Bearer scope="a"' }).end();
      } else {
        response.writeHead(404).end();
      }
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const origin = `http://127.0.0.1:${server.address().port}`;
    for (const as of ['https://192.168.7.7', 'https://100.64.1.1', 'https://169.254.1.1', 'http://mcp.example.com']) {
      prm = { resource: `${origin}/mcp`, authorization_servers: [as] };
      const host = new Child(process.env.AUTHWRIGHT_GO_CLIENT, ['-url', `${origin}/mcp`]);
      t.after(() => host.stop());
      host.send('{"do":"connect"}');
      const [, error] = await host.prints(/"error":"(.*)"/);
      // What its user sees: it drops the metadata without a word and tries to register at the MCP server itself.
      matches(`goclient with the authorization server ${as}`, error, /failed to register client: registration failed with status 404/);
      has(`goclient with the authorization server ${as}: asked at the MCP server`, [...asked], '/register');
      asked.clear();
    }
  });

  /** fresh registers a client that nobody else uses and returns its client_id in an object. */
  async function fresh(members = {}) {
    const name = `fresh ${crypto.randomUUID()}`;
    const answer = await postJSON(`${demo.issuer}/register`, {
      client_name: name, token_endpoint_auth_method: 'none', redirect_uris: ['http://127.0.0.1/callback'], ...members,
    });
    same(`${answer.call} ${answer.text}`, answer.status, 201);
    return { client_id: answer.json.client_id };
  }
});
