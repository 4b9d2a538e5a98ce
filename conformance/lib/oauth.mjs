// oauth.mjs speaks to the server in plain HTTP: what a client sends, without a client library that forgives.

import { createHash, randomBytes } from 'node:crypto';
import { Callback } from './callback.mjs';
import { confidential } from './demo.mjs';

/** Answer is a response that has been read: status, headers, text, and the JSON if it is JSON. */
export async function ask(url, init = {}) {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const method = init.method ?? 'GET';
  return { call: `${method} ${url}`, status: response.status, headers: response.headers, text, json };
}

/** postForm sends a form; members that are undefined are left out. */
export function postForm(url, fields, headers = {}) {
  const body = new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== undefined));
  return ask(url, { method: 'POST', body, headers });
}

/** postJSON sends a JSON body. */
export function postJSON(url, body, headers = {}) {
  return ask(url, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });
}

/** basic is the Authorization header of RFC 6749 §2.3.1. */
export function basic({ id, secret }) {
  const encode = (text) => encodeURIComponent(text);
  return { authorization: `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}` };
}

/** metadataURLs are the three places of an issuer's metadata (RFC 8414 §3.1, OpenID Connect Discovery §4). */
export function metadataURLs(issuer) {
  const { origin, pathname } = new URL(issuer);
  const path = pathname === '/' ? '' : pathname;
  return [...new Set([
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ])];
}

/** metadata fetches and returns the RFC 8414 document. */
export async function metadata(issuer) {
  const answer = await ask(metadataURLs(issuer)[0]);
  if (answer.status !== 200 || !answer.json) throw new Error(`${answer.call} = ${answer.status} ${answer.text}`);
  return answer.json;
}

/** prmURL is the place of a protected resource's metadata (RFC 9728 §3.1). */
export function prmURL(resource) {
  const { origin, pathname } = new URL(resource);
  return `${origin}/.well-known/oauth-protected-resource${pathname}`;
}

/** pkce is a fresh verifier and its S256 challenge (RFC 7636 §4). */
export function pkce() {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** register registers a public client by RFC 7591 and returns the answer. */
export function register(issuer, members) {
  return postJSON(`${issuer}/register`, { client_name: 'Conformance', token_endpoint_auth_method: 'none', ...members });
}

/** registered is the client_id of a fresh registration. */
export async function registered(issuer, redirectURI, members = {}) {
  const answer = await register(issuer, {
    redirect_uris: [redirectURI], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], ...members,
  });
  if (answer.status !== 201) throw new Error(`${answer.call} = ${answer.status} ${answer.text}`);
  return answer.json.client_id;
}

/** authorizeURL is an authorization request; members that are undefined are left out. */
export function authorizeURL(issuer, fields) {
  const url = new URL(`${issuer}/authorize`);
  for (const [name, value] of Object.entries({ response_type: 'code', code_challenge_method: 'S256', ...fields })) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}

/**
 * authorize has the person authorize a client and returns the parameters that came back, with what the
 * client needs to redeem the code.
 */
export async function authorize(person, issuer, fields, options = {}) {
  const callback = options.callback ?? (await Callback.listen());
  try {
    const { verifier, challenge } = pkce();
    const redirect_uri = fields.redirect_uri ?? callback.uri;
    const client_id = fields.client_id ?? (await registered(issuer, redirect_uri));
    const state = randomBytes(8).toString('base64url');
    const url = authorizeURL(issuer, { code_challenge: challenge, state, ...fields, client_id, redirect_uri });
    await person.authorize(url, options);
    const params = await callback.next();
    return { params, client_id, redirect_uri, verifier, state, code: params.get('code') };
  } finally {
    if (!options.callback) await callback.close();
  }
}

/** redeem exchanges the code of an authorization; extra replaces or adds form members. */
export function redeem(issuer, { code, client_id, redirect_uri, verifier }, extra = {}, headers = {}) {
  return postForm(`${issuer}/token`, {
    grant_type: 'authorization_code', code, client_id, redirect_uri, code_verifier: verifier, ...extra,
  }, headers);
}

/** refresh uses a refresh token. */
export function refresh(issuer, client_id, refresh_token, extra = {}, headers = {}) {
  return postForm(`${issuer}/token`, { grant_type: 'refresh_token', client_id, refresh_token, ...extra }, headers);
}

/** introspect asks about a token as the demo's server that may. */
export function introspect(issuer, token) {
  return postForm(`${issuer}/introspect`, { token }, basic(confidential));
}

/** tokensFor authorizes and redeems in one go and returns the tokens and the client_id. */
export async function tokensFor(person, issuer, fields = {}, options = {}) {
  const authorization = await authorize(person, issuer, fields, options);
  const answer = await redeem(issuer, authorization, fields.resource ? { resource: fields.resource } : {});
  if (answer.status !== 200) throw new Error(`${answer.call} = ${answer.status} ${answer.text} after ${authorization.params}`);
  return { ...answer.json, client_id: authorization.client_id, redirect_uri: authorization.redirect_uri };
}

/** claimsOf reads the header and the claims of a JWT without judging them. */
export function claimsOf(jwt) {
  const [header, claims] = jwt.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
  return { header, claims };
}
