// verifier.mjs checks an access token as RFC 9068 §4 says, with jose: the OAuthTokenVerifier of both SDKs.

import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

/** discover is the issuer's metadata (RFC 8414 §3). */
export async function discover(issuer) {
  const { origin, pathname } = new URL(issuer);
  const answer = await fetch(`${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`);
  return answer.json();
}

/** verifier trusts what the issuer signed for this resource. invalid makes the SDK's error for a token that is no good. */
export function verifier(metadata, resource, invalid) {
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
  const expected = { issuer: metadata.issuer, audience: resource, typ: 'at+jwt', algorithms: ['ES256'], requiredClaims: ['exp', 'sub', 'client_id'] };
  return {
    async verifyAccessToken(token) {
      try {
        const { payload } = await jwtVerify(token, keys, expected);
        return {
          token, clientId: payload.client_id, scopes: payload.scope?.split(' ') ?? [], expiresAt: payload.exp,
          resource: new URL(resource), extra: { subject: payload.sub },
        };
      } catch (error) {
        throw error instanceof errors.JOSEError ? invalid(error.code) : error;
      }
    },
  };
}
