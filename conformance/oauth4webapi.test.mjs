// oauth4webapi.test.mjs: the strictest OAuth client there is in JavaScript.

import { after, before, describe, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { Callback } from './lib/callback.mjs';
import { closeBrowser, Person } from './lib/browser.mjs';
import { has, holds, rejects, same } from './lib/check.mjs';
import { ada, confidential, startDemo } from './lib/demo.mjs';
import { ask } from './lib/oauth.mjs';

const limit = { timeout: 60_000 };
const http = { [oauth.allowInsecureRequests]: true }; // the demo is on loopback, without TLS

describe('oauth4webapi', { concurrency: false }, () => {
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

  const discover = async (issuer = demo.issuer, algorithm = 'oauth2') => {
    const url = new URL(issuer);
    return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm, ...http }));
  };

  /** flow registers a client, has the person authorize it, and returns all that came of it. */
  async function flow(as, resource, scope, { auth = oauth.None, metadata = {} } = {}) {
    const client = await oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(as, {
      client_name: 'oauth4webapi', redirect_uris: [callback.uri], grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none', ...metadata,
    }, http));
    const verifier = oauth.generateRandomCodeVerifier();
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
    const url = new URL(as.authorization_endpoint);
    const fields = {
      client_id: client.client_id, redirect_uri: callback.uri, response_type: 'code', state, scope, resource,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...(scope.includes('openid') ? { nonce } : {}),
    };
    for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value);
    await ana.authorize(url);
    const params = oauth.validateAuthResponse(as, client, await callback.next(), state);
    const authentication = auth(client.client_secret);
    const response = await oauth.authorizationCodeGrantRequest(as, client, authentication, params, callback.uri, verifier, {
      additionalParameters: { resource }, ...http,
    });
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, scope.includes('openid') ? { expectedNonce: nonce, requireIdToken: true } : {});
    return { client, tokens, authentication };
  }

  const presented = (resource, token) => new Request(resource, { headers: { authorization: `Bearer ${token}` } });

  for (const algorithm of ['oauth2', 'oidc']) {
    test(`discovers both issuers by ${algorithm}`, limit, async () => {
      for (const issuer of [demo.issuer, demo.north.issuer]) same('issuer', (await discover(issuer, algorithm)).issuer, issuer);
    });
  }

  test('finds the authorization server from the resource (RFC 9728)', limit, async () => {
    for (const [resource, issuer] of [[demo.todo, demo.issuer], [demo.north.todo, demo.north.issuer]]) {
      const url = new URL(resource);
      const prm = await oauth.processResourceDiscoveryResponse(url, await oauth.resourceDiscoveryRequest(url, http));
      same('authorization_servers', prm.authorization_servers, [issuer]);
    }
  });

  test('registers, gets a code with PKCE, a JWT of RFC 9068, and refreshes', limit, async () => {
    for (const [issuer, resource] of [[demo.issuer, demo.todo], [demo.north.issuer, demo.north.todo]]) {
      const as = await discover(issuer);
      const { client, tokens, authentication } = await flow(as, resource, 'todo.read');
      const claims = await oauth.validateJwtAccessToken(as, presented(resource, tokens.access_token), resource, http);
      same('client_id, scope', [claims.client_id, claims.scope], [client.client_id, 'todo.read']);
      await rejects('validateJwtAccessToken for another audience',
        oauth.validateJwtAccessToken(as, presented(resource, tokens.access_token), `${demo.origin}/okr/mcp`, http), /aud/);
      const answer = await oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token, http);
      const next = await oauth.processRefreshTokenResponse(as, client, answer);
      holds('refresh_token', 'the same', next.refresh_token !== tokens.refresh_token, 'another one');
      await oauth.validateJwtAccessToken(as, presented(resource, next.access_token), resource, http);
    }
  });

  const methods = { client_secret_basic: oauth.ClientSecretBasic, client_secret_post: oauth.ClientSecretPost };
  for (const [method, auth] of Object.entries(methods)) {
    test(`registers for a secret and authenticates by ${method}`, limit, async () => {
      const as = await discover();
      const { client, tokens } = await flow(as, demo.todo, 'todo.read', { auth, metadata: { token_endpoint_auth_method: method } });
      same('token_endpoint_auth_method', client.token_endpoint_auth_method, method);
      await rejects('refresh with a wrong secret', oauth.refreshTokenGrantRequest(as, client, auth('wrong'), tokens.refresh_token, http)
        .then((answer) => oauth.processRefreshTokenResponse(as, client, answer)), /invalid_client|WWW-Authenticate/);
    });
  }

  test('introspects and revokes', limit, async () => {
    const as = await discover();
    const { client, tokens, authentication } = await flow(as, demo.todo, 'todo.read');
    const server = { client_id: confidential.id };
    const secret = oauth.ClientSecretBasic(confidential.secret);
    const introspect = async (token) => oauth.processIntrospectionResponse(as, server, await oauth.introspectionRequest(as, server, secret, token, http));
    const live = await introspect(tokens.access_token);
    same('active, client_id, scope, iss, aud', [live.active, live.client_id, live.scope, live.iss, live.aud],
      [true, client.client_id, 'todo.read', demo.issuer, demo.todo]);
    same('introspection of nonsense', await introspect('nonsense'), { active: false });
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, authentication, tokens.refresh_token, http));
    same('introspection after revocation', await introspect(tokens.access_token), { active: false });
    await rejects('refresh after revocation', oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token, http)
      .then((answer) => oauth.processRefreshTokenResponse(as, client, answer)), /invalid_grant/);
  });

  test('a client that may not introspect is refused', limit, async () => {
    const as = await discover();
    const { client, tokens, authentication } = await flow(as, demo.todo, 'todo.read');
    const answer = await oauth.introspectionRequest(as, client, authentication, tokens.access_token, http);
    holds(`POST introspect by a public client (${await answer.text()})`, answer.status, [400, 401, 403].includes(answer.status), '400, 401 or 403');
  });

  test('with openid, gets an id token and userinfo', limit, async () => {
    const as = await discover(demo.issuer, 'oidc');
    has('scopes_supported', as.scopes_supported, 'openid');
    const { client, tokens } = await flow(as, demo.todo, 'openid email profile todo.read');
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    same('iss, aud', [claims.iss, claims.aud], [demo.issuer, client.client_id]);
    const answer = await oauth.userInfoRequest(as, client, tokens.access_token, http);
    const info = await oauth.processUserInfoResponse(as, client, claims.sub, answer);
    same('email', info.email, ada.email);
    const asToken = await ask(demo.todo, { method: 'POST', headers: { authorization: `Bearer ${tokens.id_token}` } });
    same('POST todo with the id token', asToken.status, 401);
  });

  test('client credentials for the confidential client', limit, async () => {
    const as = await discover();
    const client = { client_id: confidential.id };
    const secret = oauth.ClientSecretBasic(confidential.secret);
    const answer = await oauth.clientCredentialsGrantRequest(as, client, secret, { scope: 'todo.read', resource: demo.todo }, http);
    const tokens = await oauth.processClientCredentialsResponse(as, client, answer);
    same('scope, refresh_token', [tokens.scope, tokens.refresh_token], ['todo.read', undefined]);
    await oauth.validateJwtAccessToken(as, presented(demo.todo, tokens.access_token), demo.todo, http);
  });
});
