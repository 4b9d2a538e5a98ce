// openid-client.test.mjs: the OpenID Connect client most used in Node.

import { after, before, describe, test } from 'node:test';
import * as client from 'openid-client';
import { Callback } from './lib/callback.mjs';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, rejects, same } from './lib/check.mjs';
import { ada, confidential, startDemo } from './lib/demo.mjs';

const limit = { timeout: 60_000 };
const options = { execute: [client.allowInsecureRequests] }; // the demo is on loopback, without TLS

describe('openid-client', { concurrency: false }, () => {
  let demo, ana, callback;
  before(async () => {
    demo = await startDemo();
    ana = await Person.arrive();
    callback = await Callback.listen();
  });
  after(async () => {
    await callback?.close();
    await ana?.leave();
    await demo?.stop();
    await closeBrowser();
  });

  /** grant has the person authorize the client and redeems the code. */
  async function grant(config, scope, resource, extra = {}) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: callback.uri, scope, resource, state: expectedState, code_challenge_method: 'S256',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), ...(scope.includes('openid') ? { nonce: expectedNonce } : {}), ...extra,
    });
    await ana.authorize(url);
    const back = new URL(`${callback.uri}?${await callback.next()}`);
    return client.authorizationCodeGrant(config, back, {
      pkceCodeVerifier, expectedState, ...(scope.includes('openid') ? { expectedNonce, idTokenExpected: true } : {}),
    }, { resource });
  }

  const registered = (issuer, members = {}) => client.dynamicClientRegistration(new URL(issuer), {
    client_name: 'openid-client', redirect_uris: [callback.uri], grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none', ...members,
  }, undefined, options);

  test('registers, authorizes and refreshes at both issuers', limit, async () => {
    for (const [issuer, resource] of [[demo.issuer, demo.todo], [demo.north.issuer, demo.north.todo]]) {
      const config = await registered(issuer);
      const tokens = await grant(config, 'todo.read', resource);
      same('scope', tokens.scope, 'todo.read');
      const next = await client.refreshTokenGrant(config, tokens.refresh_token);
      holds('access_token', 'the same', next.access_token !== tokens.access_token, 'another one');
    }
  });

  test('with openid, gets a valid id token and userinfo', limit, async () => {
    const config = await registered(demo.issuer);
    const tokens = await grant(config, 'openid email todo.read', demo.todo);
    const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    same('email', info.email, ada.email);
    const fresh = await grant(config, 'openid todo.read', demo.todo, { max_age: '3600' });
    holds('auth_time', fresh.claims().auth_time, Number.isInteger(fresh.claims().auth_time), 'a number, because max_age was asked');
  });

  test('is told when the person denies', limit, async () => {
    const config = await registered(demo.issuer);
    const [state, pkceCodeVerifier] = [client.randomState(), client.randomPKCECodeVerifier()];
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: callback.uri, scope: 'todo.read', state, code_challenge_method: 'S256',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    });
    await ana.authorize(url, { answer: 'Deny' });
    const back = new URL(`${callback.uri}?${await callback.next()}`);
    const error = await rejects('authorizationCodeGrant', client.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState: state }), /authorization/i);
    same('error', error.error, 'access_denied');
  });

  test('introspects, revokes, and sees the token dead', limit, async () => {
    const config = await registered(demo.issuer);
    const tokens = await grant(config, 'todo.read', demo.todo);
    const server = await client.discovery(new URL(demo.issuer), confidential.id, {}, client.ClientSecretBasic(confidential.secret), options);
    same('active', (await client.tokenIntrospection(server, tokens.access_token)).active, true);
    await client.tokenRevocation(config, tokens.refresh_token);
    same('active after revocation', (await client.tokenIntrospection(server, tokens.access_token)).active, false);
    const error = await rejects('refreshTokenGrant after revocation', client.refreshTokenGrant(config, tokens.refresh_token), /./);
    same('error', error.error, 'invalid_grant');
  });

  test('client credentials for the confidential client', limit, async () => {
    const config = await client.discovery(new URL(demo.issuer), confidential.id, {}, client.ClientSecretBasic(confidential.secret), options);
    const tokens = await client.clientCredentialsGrant(config, { scope: 'todo.read', resource: demo.todo });
    same('scope, refresh_token', [tokens.scope, tokens.refresh_token], ['todo.read', undefined]);
  });
});
