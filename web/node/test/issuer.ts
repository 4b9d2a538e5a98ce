// issuer.ts is an authorization server with real keys and no network.

import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'

import type { ResourceConfig } from '../src/config.js'

export const issuerURL = 'https://issuer.example/t1'
export const resourceURL = 'https://mcp.example.com/mcp'

/** TestIssuer answers what a resource asks, and signs tokens. */
export class TestIssuer {
  /** now is the clock of issuer and resource, in milliseconds. */
  now = 1_800_000_000_000
  /** asked are the URLs that were asked for. */
  readonly asked: string[] = []
  /** active is what introspection says. */
  active = true
  /** down makes every question fail. */
  down = false
  /** published are the keys as the issuer shows them. */
  published: JWK[] = []
  /** waits holds answers back until it is resolved. */
  waits: Promise<void> = Promise.resolve()
  private readonly keys = new Map<string, CryptoKey>()

  static async create(): Promise<TestIssuer> {
    const issuer = new TestIssuer()
    await issuer.addKey('k1')
    return issuer
  }

  async addKey(kid: string): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    this.keys.set(kid, privateKey)
    this.published.push({ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' })
  }

  clock = (): number => this.now

  async token(claims: Record<string, unknown> = {}, kid = 'k1'): Promise<string> {
    const now = Math.floor(this.now / 1000)
    const all = { iss: issuerURL, aud: resourceURL, sub: 'per_ada', client_id: 'cli_1', iat: now, exp: now + 600, scope: 'todo.read', ...claims }
    return new SignJWT(all).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid }).sign(this.keys.get(kid) as CryptoKey)
  }

  fetch = async (url: string, init: RequestInit): Promise<Response> => {
    this.asked.push(url)
    await this.waits
    if (this.down) {
      throw new TypeError('fetch failed')
    }
    switch (url) {
      case 'https://issuer.example/.well-known/oauth-authorization-server/t1':
        return Response.json({ issuer: issuerURL, jwks_uri: `${issuerURL}/jwks`, introspection_endpoint: `${issuerURL}/introspect` })
      case `${issuerURL}/jwks`:
        return Response.json({ keys: this.published })
      case `${issuerURL}/introspect`:
        return this.introspect(init)
    }
    return new Response(null, { status: 404 })
  }

  private introspect({ headers, body }: RequestInit): Response {
    const { Authorization: basic } = headers as Record<string, string>
    if (basic !== 'Basic ' + btoa('res+1:s%3Acret') || !String(body).startsWith('token=')) {
      return new Response(null, { status: 401 })
    }
    return Response.json({ active: this.active })
  }

  /** config is a to-do server that trusts this issuer. */
  config(more: Partial<ResourceConfig> = {}): ResourceConfig {
    return {
      resource: resourceURL,
      issuer: issuerURL,
      scopes: ['todo.read'],
      tools: { create_item: ['todo.write'] },
      implies: { 'todo.write': ['todo.read'] },
      fetch: this.fetch,
      log: () => undefined,
      ...more,
    }
  }
}
