// providers.mjs: other providers that people sign in with, on this machine: a real OpenID provider, and the two
// addresses of GitHub that count.

import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

async function listen(handler) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const close = (server) => new Promise((done) => {
  server.closeAllConnections();
  server.close(done);
});

/** IdP is an OpenID provider that knows one person at a time and asks them nothing. */
export class IdP {
  static async serve(client, who) {
    const idp = new IdP();
    idp.server = await listen((req, res) => idp.answer(req, res));
    idp.issuer = `http://127.0.0.1:${idp.server.address().port}`;
    Object.assign(idp, { who, asked: [] }); // asked: the parameters of every authorization request
    idp.provider = new Provider(idp.issuer, {
      clients: [client],
      claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
      findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ ...idp.who, sub }) }),
      interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
      features: { devInteractions: { enabled: false } },
      cookies: { keys: ['of-the-tests'], names: { session: `s${idp.server.address().port}` } }, // cookies know no ports
      loadExistingGrant: async ({ oidc }) => {
        const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
        grant.addOIDCScope('openid profile email');
        await grant.save();
        return grant;
      },
    });
    return idp;
  }

  answer(req, res) {
    if (!req.url.startsWith('/interaction/')) return this.provider.callback()(req, res);
    return this.provider.interactionDetails(req, res).then(({ params }) => {
      this.asked.push(params);
      return this.provider.interactionFinished(req, res, { login: { accountId: this.who.sub } });
    });
  }

  close() {
    return close(this.server);
  }
}

/** GitHub is what of GitHub an OAuth app meets, under one address as at an Enterprise Server. */
export class GitHub {
  static async serve(user, emails) {
    const hub = new GitHub();
    Object.assign(hub, { user, emails, codes: new Set() });
    hub.server = await listen((req, res) => hub.answer(req, res));
    hub.issuer = `http://127.0.0.1:${hub.server.address().port}`;
    return hub;
  }

  answer(req, res) {
    const { pathname, searchParams } = new URL(req.url, this.issuer);
    const json = (body, status = 200) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const known = req.headers.authorization === 'Bearer gho_of_the_tests' && req.headers['user-agent'];
    switch (pathname) {
      case '/login/oauth/authorize': {
        const back = new URL(searchParams.get('redirect_uri'));
        const code = crypto.randomUUID();
        this.codes.add(code);
        back.search = new URLSearchParams({ code, state: searchParams.get('state') });
        return res.writeHead(302, { location: String(back) }).end();
      }
      case '/login/oauth/access_token':
        return void body(req).then((form) => json(this.codes.delete(form.get('code')) && form.get('client_secret') === 'a-secret' && form.get('code_verifier')
          ? { access_token: 'gho_of_the_tests', token_type: 'bearer' } : { error: 'bad_verification_code' }));
      case '/api/v3/user':
        return known ? json(this.user) : json({}, 401);
      case '/api/v3/user/emails':
        return known ? json(this.emails) : json({}, 401);
      default:
        return json({}, 404);
    }
  }

  close() {
    return close(this.server);
  }
}

async function body(req) {
  const parts = [];
  for await (const part of req) parts.push(part);
  return new URLSearchParams(Buffer.concat(parts).toString());
}
