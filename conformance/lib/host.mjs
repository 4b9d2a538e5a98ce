// host.mjs: an application around an official TypeScript MCP client, version 1 or 2. Both take the same provider.

import { Callback } from './callback.mjs';

/** Provider is the OAuthClientProvider of both SDKs, with everything in memory. */
class Provider {
  constructor(redirectUrl, { metadata = {}, clientMetadataUrl, client } = {}) {
    this.redirectUrl = redirectUrl;
    this.clientMetadataUrl = clientMetadataUrl;
    this.client = client; // what clientInformation() knows
    this.metadata = metadata;
    this.registrations = 0;
    this.invalidated = [];
    this.opened = []; // the authorization URLs, in order
  }

  get clientMetadata() {
    return {
      client_name: 'Conformance host',
      redirect_uris: [this.redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      ...this.metadata,
    };
  }

  saveDiscoveryState(state) {
    this.discovered = state;
  }

  discoveryState() {
    return this.discovered;
  }

  state() {
    return (this.lastState = crypto.randomUUID());
  }

  clientInformation() {
    return this.client;
  }

  saveClientInformation(client) {
    if (client.redirect_uris) this.registrations++;
    this.client = client;
  }

  tokens() {
    return this.saved;
  }

  saveTokens(tokens) {
    this.saved = tokens;
  }

  redirectToAuthorization(url) {
    this.opened.push(url);
  }

  saveCodeVerifier(verifier) {
    this.verifier = verifier;
  }

  codeVerifier() {
    return this.verifier;
  }

  invalidateCredentials(what) {
    this.invalidated.push(what);
    if (what === 'all' || what === 'client') this.client = undefined;
    if (what === 'all' || what === 'tokens') this.saved = undefined;
  }
}

/** Host connects to one MCP server for one person. kit is {Client, Transport, finish}. */
export class Host {
  static async start(kit, url, person, options) {
    const host = new Host();
    host.callback = await Callback.listen();
    host.provider = new Provider(host.callback.uri, options?.(host.callback.uri));
    Object.assign(host, { kit, url, person });
    return host;
  }

  /** connect opens an MCP session, through the browser when the client says so. */
  async connect() {
    try {
      await this.#open();
    } catch (error) {
      await this.#authorizeAfter(error);
      await this.#open();
    }
    return this;
  }

  async #open() {
    await this.client?.close();
    this.client = new this.kit.Client({ name: 'conformance-host', version: '1.0.0' });
    this.transport = new this.kit.Transport(new URL(this.url), { authProvider: this.provider });
    await this.client.connect(this.transport);
  }

  /** authorizeAfter goes through the browser if the error is the client's wish to do so; else throws it again. */
  async #authorizeAfter(error) {
    if (!isUnauthorized(error)) throw error;
    await this.person.authorize(this.provider.opened.at(-1));
    const params = await this.callback.next();
    if (params.get('state') !== this.provider.lastState) throw new Error(`state came back as ${params.get('state')}`);
    await this.kit.finish(this.transport, params);
  }

  /** tools is the sorted names of the server's tools. */
  async tools() {
    return (await this.client.listTools()).tools.map((tool) => tool.name).sort();
  }

  /** call calls a tool, stepping up through the browser when the client wants it; returns the text of the result. */
  async call(name, args = {}) {
    let result;
    try {
      result = await this.client.callTool({ name, arguments: args });
    } catch (error) {
      await this.#authorizeAfter(error);
      result = await this.client.callTool({ name, arguments: args });
    }
    const text = (result.content ?? []).map((part) => part.text).join('\n');
    if (result.isError) throw new Error(`${name} answered with an error: ${text}`);
    return text;
  }

  async close() {
    await this.client?.close();
    await this.callback.close();
  }
}

/** isUnauthorized tells whether a client has opened an authorization and waits for its end. */
export function isUnauthorized(error) {
  for (let cause = error; cause; cause = cause.cause) {
    if (cause.name === 'UnauthorizedError' || cause.constructor?.name === 'UnauthorizedError') return true;
  }
  return false;
}
