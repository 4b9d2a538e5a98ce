// checklist.test.mjs: rows of the authorization server's checklist that no other file covers; names begin with the row.

import { after, before, describe, test } from 'node:test';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { closeBrowser, Person } from './lib/browser.mjs';
import { has, holds, matches, same } from './lib/check.mjs';
import { confidential, startDemo } from './lib/demo.mjs';
import { ask, authorize, authorizeURL, basic, metadata, metadataURLs, pkce, postForm, prmURL, redeem, refresh, register } from './lib/oauth.mjs';

const limit = { timeout: 60_000 };

describe('checklist', { concurrency: false }, () => {
  let demo, ana, issuers;
  before(async () => {
    demo = await startDemo();
    issuers = [demo.issuer, demo.north.issuer];
    ana = await Person.arrive();
  });
  after(async () => {
    await ana?.leave();
    await demo?.stop();
    await closeBrowser();
  });

  test('01: the issuer never comes from the Host header', limit, async () => {
    for (const host of ['evil.example', 'localhost:1', `evil.example:${demo.port}`]) {
      const answer = await withHost(demo, '/.well-known/oauth-authorization-server', host);
      holds(`GET metadata with Host: ${host} = ${answer.status} ${answer.text}`, answer.text, !answer.text.includes(host), `no ${host} in it`);
      holds(`GET metadata with Host: ${host}: status`, answer.status, answer.status >= 400 && answer.status < 500, 'a refusal');
    }
    const forwarded = await ask(metadataURLs(demo.issuer)[0], { headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' } });
    same('issuer with forged forwarding headers', forwarded.json.issuer, demo.issuer);
  });

  test('02: the metadata is JSON with status 200', limit, async () => {
    for (const issuer of issuers) {
      const answer = await ask(metadataURLs(issuer)[0]);
      same(answer.call, answer.status, 200);
      matches(`${answer.call}: Content-Type`, answer.headers.get('content-type'), /^application\/json/);
    }
  });

  test('03: all places of an issuer serve the same document, that of OpenID Connect with what it requires', limit, async () => {
    for (const issuer of issuers) {
      const texts = await Promise.all(metadataURLs(issuer).map(async (url) => (await ask(url)).text));
      same(`number of different documents of ${issuer}`, new Set(texts).size, 1);
      const document = JSON.parse(texts[0]);
      has('subject_types_supported', document.subject_types_supported, 'public');
      holds('id_token_signing_alg_values_supported', document.id_token_signing_alg_values_supported, document.id_token_signing_alg_values_supported?.length > 0, 'some');
    }
  });

  test('04: every other well-known address is 404', limit, async () => {
    const elsewhere = [
      '/.well-known/nothing', '/.well-known/', '/.well-known/oauth-authorization-server/nowhere', '/.well-known/oauth-authorization-server/',
      '/.well-known/openid-configuration/nowhere', '/.well-known/oauth-authorization-server/todo/mcp', '/.well-known/oauth-protected-resource/nowhere',
      '/.well-known/oauth-protected-resource', '/p/nowhere/.well-known/openid-configuration', '/.well-known/oauth-authorization-server/p/nowhere',
      '/todo/mcp/.well-known/openid-configuration', '/todo/mcp/.well-known/oauth-protected-resource', '/.well-known/security.txt',
    ];
    for (const path of elsewhere) {
      for (const accept of ['application/json', 'text/html']) {
        const answer = await ask(demo.origin + path, { headers: { accept } });
        same(`${answer.call} Accept: ${accept}`, answer.status, 404);
      }
    }
  });

  test('05: no OAuth address redirects', limit, async () => {
    for (const issuer of issuers) {
      for (const path of ['token', 'register', 'revoke', 'introspect', 'jwks', 'userinfo']) {
        for (const [method, tail] of [['GET', ''], ['POST', ''], ['GET', '/'], ['POST', '/']]) {
          const answer = await ask(`${issuer}/${path}${tail}`, { method });
          holds(answer.call, answer.status, answer.status < 300 || answer.status >= 400, 'no redirect');
        }
      }
      for (const url of metadataURLs(issuer)) {
        const answer = await ask(`${url}/`);
        same(answer.call, answer.status, 404);
      }
    }
  });

  test('06, 07, 08, 09: the metadata says what clients look for', limit, async () => {
    for (const issuer of issuers) {
      const document = await metadata(issuer);
      same('response_types_supported', document.response_types_supported, ['code']);
      same('code_challenge_methods_supported', document.code_challenge_methods_supported, ['S256']);
      same('client_id_metadata_document_supported', document.client_id_metadata_document_supported, true);
      has('token_endpoint_auth_methods_supported', document.token_endpoint_auth_methods_supported, 'none');
      same('authorization_response_iss_parameter_supported', document.authorization_response_iss_parameter_supported, true);
      same('registration_endpoint', document.registration_endpoint, `${issuer}/register`);
      for (const grant of ['authorization_code', 'refresh_token']) has('grant_types_supported', document.grant_types_supported, grant);
      for (const [name, value] of Object.entries(document).filter(([key]) => /_(endpoint|uri)$/.test(key))) {
        holds(name, value, value.startsWith(`${issuer}/`), `an address under ${issuer}/`);
      }
    }
  });

  test('10: what is advertised is there, and what is not advertised is refused', limit, async () => {
    for (const issuer of issuers) {
      const document = await metadata(issuer);
      for (const [name, url] of Object.entries(document).filter(([key]) => /_(endpoint|uri)$/.test(key))) {
        const answer = await ask(url, { method: name === 'jwks_uri' || name === 'authorization_endpoint' ? 'GET' : 'POST' });
        holds(`${name}: ${answer.call}`, answer.status, ![404, 405, 501].includes(answer.status) && answer.status < 500, 'an endpoint');
      }
      const extensions = {
        'urn:ietf:params:oauth:grant-type:jwt-bearer': [],
        'urn:ietf:params:oauth:grant-type:device_code': ['device_authorization_endpoint'],
        'urn:ietf:params:oauth:grant-type:token-exchange': [],
        password: [],
        implicit: [],
      };
      for (const [grant_type, members] of Object.entries(extensions)) {
        const answer = await postForm(`${issuer}/token`, { grant_type, client_id: issuer === demo.issuer ? 'demo-public' : undefined });
        const offered = document.grant_types_supported.includes(grant_type);
        if (issuer === demo.issuer && !offered) {
          same(`${answer.call} grant_type=${grant_type} (${answer.text})`, [answer.status, answer.json?.error], [400, 'unsupported_grant_type']);
        }
        for (const member of members) same(`${member} in the metadata`, member in document, offered);
      }
      if (!document.grant_types_supported.includes('urn:ietf:params:oauth:grant-type:jwt-bearer')) {
        same('authorization_grant_profiles_supported', document.authorization_grant_profiles_supported, undefined);
      }
    }
  });

  test('11: the CORS headers let pages use DPoP and read challenges', limit, async () => {
    const origin = 'https://page.example';
    const list = (answer, header) => answer.headers.get(header)?.toLowerCase().split(/\s*,\s*/);
    const post = ['token', 'register', 'revoke'].map((end) => ['POST', `${demo.issuer}/${end}`]);
    const get = [...metadataURLs(demo.issuer), prmURL(demo.todo), `${demo.issuer}/jwks`].map((url) => ['GET', url]);
    for (const [method, url] of [...post, ...get]) {
      const preflight = await ask(url, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'dpop' } });
      same(`${preflight.call}: Access-Control-Allow-Origin`, preflight.headers.get('access-control-allow-origin'), '*');
      has(`${preflight.call}: Access-Control-Allow-Headers`, list(preflight, 'access-control-allow-headers'), 'dpop');
    }
    for (const [method, url] of [...post, ['POST', demo.todo]]) {
      const real = await ask(url, { method, headers: { origin: 'http://localhost:6274' } });
      for (const header of ['www-authenticate', 'dpop-nonce']) has(`${real.call}: Access-Control-Expose-Headers`, list(real, 'access-control-expose-headers'), header);
    }
    for (const path of ['/.well-known/oauth-protected-resource', '/.well-known/oauth-authorization-server/nowhere', '/.well-known/nothing']) {
      const preflight = await ask(demo.origin + path, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'mcp-protocol-version' } });
      holds(preflight.call, preflight.status, [200, 204].includes(preflight.status), '200 or 204, so that a page may see the 404');
    }
  });

  test('12: a client of 2025-03-26 finds everything at the root of the origin', limit, async () => {
    const document = await metadata(demo.origin);
    same('endpoints', ['authorization_endpoint', 'token_endpoint', 'registration_endpoint'].map((e) => document[e]),
      ['authorize', 'token', 'register'].map((path) => `${demo.origin}/${path}`));
    same('issuer', document.issuer, demo.issuer);
  });

  test('17: a registration echoes what was accepted and is not stored by caches', limit, async () => {
    const members = {
      redirect_uris: ['http://127.0.0.1:4717/cb'], client_name: 'seventeen', client_uri: 'https://client.example/', logo_uri: 'https://client.example/logo.png',
      tos_uri: 'https://client.example/tos', policy_uri: 'https://client.example/policy', contacts: ['ops@client.example'], scope: 'todo.read',
      software_id: 'seventeen', software_version: '1.7', grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
      token_endpoint_auth_method: 'none', application_type: 'native',
    };
    const answer = await register(demo.issuer, members);
    same(`${answer.call} (${answer.text})`, answer.status, 201);
    matches(`${answer.call}: Content-Type`, answer.headers.get('content-type'), /^application\/json/);
    matches(`${answer.call}: Cache-Control`, answer.headers.get('cache-control'), /no-store/);
    for (const [name, value] of Object.entries(members)) same(`${answer.call}: ${name}`, answer.json[name], value);
    matches('client_id', answer.json.client_id, /^(?!https:)[A-Za-z0-9._~-]+$/);
  });

  test('27: an unknown client or a wrong redirect is a page that says how to reconnect', limit, async () => {
    const good = (await register(demo.issuer, { redirect_uris: ['https://client.example/27'] })).json.client_id;
    const base = { code_challenge: pkce().challenge, state: 's', resource: demo.todo };
    const wrong = {
      'an unknown client': { client_id: 'nobody', redirect_uri: 'https://client.example/27' },
      'no client': { redirect_uri: 'https://client.example/27' },
      'another redirect': { client_id: good, redirect_uri: 'https://client.example/28' },
      'a redirect with more after it': { client_id: good, redirect_uri: 'https://client.example/27/../evil' },
      'no redirect': { client_id: good },
      'a document that cannot be had': { client_id: 'http://127.0.0.1:9/client.json', redirect_uri: 'http://127.0.0.1:9/cb' },
    };
    for (const [what, fields] of Object.entries(wrong)) {
      const answer = await ask(authorizeURL(demo.issuer, { ...base, ...fields }), { headers: { accept: 'text/html' } });
      same(`GET /authorize with ${what}: status, Location`, [answer.status, answer.headers.get('location')], [400, null]);
      matches(`GET /authorize with ${what}: Content-Type`, answer.headers.get('content-type'), /^text\/html/);
      const text = answer.text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
      matches(`GET /authorize with ${what}: text`, text, /connect|again|app/i);
      matches(`GET /authorize with ${what}: Content-Security-Policy`, answer.headers.get('content-security-policy'), /frame-ancestors 'none'/);
    }
  });

  test('29: state comes back letter for letter, once, with code or error and iss', limit, async () => {
    const state = 'a+b c/&=?%20é✓"\'<>;#' + 'x'.repeat(200);
    const allowed = await authorize(ana, demo.issuer, { resource: demo.todo, state });
    same('allowed: state', allowed.params.getAll('state'), [state]);
    same('allowed: number of codes', allowed.params.getAll('code').length, 1);
    same('allowed: iss', allowed.params.getAll('iss'), [demo.issuer]);
    const denied = await authorize(ana, demo.issuer, { resource: demo.todo, state }, { answer: 'Deny' });
    same('denied: state', denied.params.getAll('state'), [state]);
    same('denied: error', denied.params.getAll('error'), ['access_denied']);
    same('denied: iss, code', [denied.params.get('iss'), denied.params.get('code')], [demo.issuer, null]);
    const errors = {
      unsupported_response_type: { response_type: 'token' },
      invalid_request: { code_challenge: undefined },
      'invalid_request ': { code_challenge_method: 'plain' },
      invalid_target: { resource: 'https://nobody.example/mcp' },
    };
    for (const [error, fields] of Object.entries(errors)) {
      const { params, state: sent } = await authorize(ana, demo.issuer, { resource: demo.todo, ...fields });
      same(`GET /authorize ${JSON.stringify(fields)}: error, state, iss, code`,
        ['error', 'state', 'iss', 'code'].map((p) => params.get(p)), [error.trim(), sent, demo.issuer, null]);
    }
  });

  test('37: the token response is JSON that nobody stores', limit, async () => {
    const authorization = await authorize(ana, demo.issuer, { resource: demo.todo });
    const first = await redeem(demo.issuer, authorization);
    const second = await refresh(demo.issuer, authorization.client_id, first.json.refresh_token);
    const bad = await refresh(demo.issuer, authorization.client_id, 'aw_rt_x');
    for (const [answer, status] of [[first, 200], [second, 200], [bad, 400]]) {
      same(`${answer.call} ${answer.text}`, answer.status, status);
      matches(`${answer.call}: Content-Type`, answer.headers.get('content-type'), /^application\/json/);
      matches(`${answer.call}: Cache-Control`, answer.headers.get('cache-control'), /no-store/);
    }
    for (const { json } of [first, second]) {
      same('types of access_token, token_type, expires_in, scope', ['access_token', 'token_type', 'expires_in', 'scope'].map((m) => typeof json[m]),
        ['string', 'string', 'number', 'string']);
      same('token_type', json.token_type, 'Bearer');
    }
  });

  test('36, 44: codes, tokens and secrets are not on the disk', limit, async () => {
    const client = (await register(demo.issuer, { redirect_uris: ['http://127.0.0.1/callback'], token_endpoint_auth_method: 'client_secret_basic' })).json;
    const authorization = await authorize(ana, demo.issuer, { resource: demo.todo, client_id: client.client_id });
    const pending = await authorize(ana, demo.issuer, { resource: demo.todo, client_id: client.client_id });
    const { json } = await redeem(demo.issuer, authorization, { client_id: undefined }, basic({ id: client.client_id, secret: client.client_secret }));
    const disk = stored(demo);
    const cookies = (await ana.context.cookies()).filter((cookie) => cookie.httpOnly && cookie.value.length >= 32).map((cookie) => cookie.value);
    holds('cookies of the person', cookies.length, cookies.length >= 2, 'a session and a browser cookie');
    const secrets = { password: ana.account.password, secret: client.client_secret, code: authorization.code, 'pending code': pending.code, ...json, ...cookies };
    for (const name of ['scope', 'token_type', 'expires_in']) delete secrets[name];
    holds('the disk of the demo', disk.length, disk.includes(client.client_id), `bytes with ${client.client_id} among them`);
    for (const [name, value] of Object.entries(secrets)) {
      matches(name, value, /.{12,}/);
      for (const part of value.includes('.') ? value.split('.') : [value]) same(`the ${name} is on the disk`, disk.includes(part), false);
    }
  });

  test('40: the codes that make clients recover', limit, async () => {
    const nobody = await postForm(`${demo.issuer}/token`, { grant_type: 'refresh_token', refresh_token: 'x' }, basic({ id: 'nobody', secret: 'x' }));
    same(`${nobody.call} with Basic of nobody`, [nobody.status, nobody.json?.error], [401, 'invalid_client']);
    matches(`${nobody.call}: WWW-Authenticate`, nobody.headers.get('www-authenticate'), /^Basic/);
    const wrong = await postForm(`${demo.issuer}/token`, { grant_type: 'client_credentials' }, basic({ id: confidential.id, secret: 'wrong' }));
    same(`${wrong.call} with a wrong secret`, [wrong.status, wrong.json?.error], [401, 'invalid_client']);
    const code = await redeem(demo.issuer, { code: 'x', client_id: 'demo-public', redirect_uri: 'http://127.0.0.1/callback', verifier: pkce().verifier });
    same(`${code.call} with a bad code (${code.text})`, [code.status, code.json?.error], [400, 'invalid_grant']);
    const both = await postForm(`${demo.issuer}/token`, { grant_type: 'client_credentials', client_id: confidential.id, client_secret: confidential.secret }, basic(confidential));
    same(`${both.call} authenticated in two ways (${both.text})`, both.status >= 400 && both.status < 500, true);
    same('prm stays reachable', (await ask(prmURL(demo.todo))).status, 200);
  });
});

/** stored is all that the demo has written to its disk. */
function stored(demo) {
  return Buffer.concat(readdirSync(demo.data).map((name) => readFileSync(join(demo.data, name))));
}

/** withHost asks with a Host header of its own, which fetch does not let one set. */
function withHost(demo, path, host) {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port: demo.port, path, headers: { host } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => resolve({ status: response.statusCode, text }));
    });
    asking.on('error', reject).end();
  });
}
