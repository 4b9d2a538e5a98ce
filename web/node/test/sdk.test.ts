import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth as requireBearerAuthV1 } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createMcpHandler, McpServer, OAuthError, OAuthErrorCode, requireBearerAuth } from '@modelcontextprotocol/server'
import express, { type Express } from 'express'
import { Hono } from 'hono'
import { createMcpHandler as createRouteHandler } from 'mcp-handler'

import * as forExpress from '../src/express.js'
import * as forHono from '../src/hono.js'
import { authInfo, tokenVerifier, withAuthInfo } from '../src/mcp.js'
import * as forNext from '../src/next.js'
import { createResourceAt, type Resource } from '../src/resource.js'
import { tokenOf } from '../src/token.js'
import { resourceURL, TestIssuer } from './issuer.js'

type Fetch = (request: Request) => Promise<Response>

/** A protected server, by its kind: what makes a fetch of it, and what ends it. */
type Kind = (resource: Resource) => Promise<{ fetch: Fetch; close?: () => void }>

const who = (extra: unknown) => ({ content: [{ type: 'text' as const, text: `${tokenOf(extra).subject} ${tokenOf(extra).clientId}` }] })

function serverV1(): McpServerV1 {
  const server = new McpServerV1({ name: 'todo', version: '1' })
  server.registerTool('list_items', {}, (extra) => who(extra))
  server.registerTool('create_item', {}, (extra) => who(extra))
  return server
}

function serverV2(): McpServer {
  const server = new McpServer({ name: 'todo', version: '1' })
  server.registerTool('list_items', {}, (ctx) => who(ctx))
  server.registerTool('create_item', {}, (ctx) => who(ctx))
  return server
}

async function listen(app: Express): Promise<{ fetch: Fetch; close: () => void }> {
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  const { port } = server.address() as AddressInfo
  return {
    fetch: (request) => fetch(`http://127.0.0.1:${port}${new URL(request.url).pathname}`, request.clone() as RequestInit),
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** withSessions keeps a transport of SDK v1 for each session, as its own examples do. */
function withSessions(app: Express, before: express.RequestHandler[], behind: express.RequestHandler[], guard: express.RequestHandler): void {
  const transports = new Map<string, StreamableHTTPServerTransport>()
  app.all('/mcp', ...before, guard, ...behind, async (req, res) => {
    let transport = transports.get(req.header('mcp-session-id') ?? '')
    if (transport === undefined) {
      const fresh = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (id) => void transports.set(id, fresh),
      })
      await serverV1().connect(fresh as never)
      transport = fresh
    }
    await transport.handleRequest(req, res, req.body)
  })
}

const kinds: Record<string, Kind> = {
  'Express and SDK v1': async (resource) => {
    const app = express()
    app.use(forExpress.metadata(resource))
    withSessions(app, [], [], forExpress.protect(resource))
    return listen(app)
  },
  'Express and SDK v1, express.json() before': async (resource) => {
    const app = express()
    app.use(forExpress.metadata(resource))
    withSessions(app, [express.json()], [], forExpress.protect(resource))
    return listen(app)
  },
  'Express and SDK v1, express.json() behind': async (resource) => {
    const app = express()
    app.use(forExpress.metadata(resource))
    withSessions(app, [], [express.json()], forExpress.protect(resource))
    return listen(app)
  },
  'SDK v2': async (resource) => ({ fetch: resource.mount(withAuthInfo(createMcpHandler(serverV2))) }),
  'Hono and SDK v2': async (resource) => {
    const app = new Hono()
    const handler = createMcpHandler(serverV2)
    app.use(forHono.metadata(resource))
    app.all('/mcp', forHono.protect(resource), (c) => handler.fetch(c.req.raw, { authInfo: c.get('auth') }))
    return { fetch: async (request) => app.fetch(request) }
  },
  'Next and mcp-handler': async (resource) => {
    const handler = createRouteHandler((server) => {
      server.registerTool('list_items', {}, (ctx) => who(ctx))
      server.registerTool('create_item', {}, (ctx) => who(ctx))
    })
    const routes = forNext.protect(resource, handler)
    const metadata = forNext.metadata(resource)
    return {
      fetch(request) {
        const at = new URL(request.url).pathname === '/mcp' ? routes : metadata
        return at[request.method as 'GET'](request)
      },
    }
  },
}

for (const [name, kind] of Object.entries(kinds)) {
  test(`${name}: a client lists tools, calls one, and is sent back for another`, async () => {
    const issuer = await TestIssuer.create()
    const resource = createResourceAt(issuer.config(), issuer.clock)
    const server = await kind(resource)
    const seen: Response[] = []
    let raw = await issuer.token()
    const transport = new StreamableHTTPClientTransport(new URL(resourceURL), {
      fetch: async (url, init) => {
        const headers = new Headers(init?.headers)
        headers.set('Authorization', `Bearer ${raw}`)
        const response = await server.fetch(new Request(url, { ...init, headers } as RequestInit))
        seen.push(response)
        return response
      },
    })
    const client = new Client({ name: 'test', version: '1' })
    try {
      await client.connect(transport as never)
      assert.deepEqual((await client.listTools()).tools.map((tool) => tool.name), ['list_items', 'create_item'])
      const listed = await client.callTool({ name: 'list_items', arguments: {} })
      assert.deepEqual(listed.content, [{ type: 'text', text: 'per_ada cli_1' }])

      await assert.rejects(client.callTool({ name: 'create_item', arguments: {} }))
      assert.equal(
        seen.at(-1)?.headers.get('WWW-Authenticate'),
        'Bearer error="insufficient_scope", error_description="the token lacks a scope: needed are todo.read todo.write", ' +
          `scope="todo.read todo.write", resource_metadata="${resource.metadataUrl}"`,
      )
      raw = await issuer.token({ scope: 'todo.write' })
      const created = await client.callTool({ name: 'create_item', arguments: {} })
      assert.deepEqual(created.content, [{ type: 'text', text: 'per_ada cli_1' }])

      const document = await server.fetch(new Request(resource.metadataUrl))
      assert.deepEqual(await document.json(), resource.metadata)
      const anonymous = await server.fetch(new Request(resourceURL, { method: 'POST', body: '{}' }))
      assert.equal(anonymous.headers.get('WWW-Authenticate'), `Bearer scope="todo.read", resource_metadata="${resource.metadataUrl}"`)
    } finally {
      await client.close()
      server.close?.()
    }
  })
}

test("the SDK's own requireBearerAuth takes our verifier, v1 and v2", async () => {
  const issuer = await TestIssuer.create()
  const resource = createResourceAt(issuer.config(), issuer.clock)
  issuer.now = Date.now() // the SDK looks at its own clock
  const good = await issuer.token()
  const foreign = await issuer.token({ aud: 'https://other.example/mcp' })
  const options = { requiredScopes: ['todo.read'], resourceMetadataUrl: resource.metadataUrl }

  const app = express()
  const v1 = requireBearerAuthV1({ ...options, verifier: tokenVerifier(resource, (why) => new InvalidTokenError(why)) })
  app.get('/mcp', v1, (req, res) => void res.send(authInfo(req)?.clientId))
  const server = await listen(app)
  const v2 = requireBearerAuth({ ...options, expectedResource: new URL(resourceURL), verifier: tokenVerifier(resource, (why) => new OAuthError(OAuthErrorCode.InvalidToken, why)) })
  const ask = (raw: string) => new Request(resourceURL, { headers: { Authorization: `Bearer ${raw}` } })
  try {
    assert.equal(await (await server.fetch(ask(good))).text(), 'cli_1')
    const refusedV1 = await server.fetch(ask(foreign))
    const refusedV2 = await v2(ask(foreign))
    for (const refused of [refusedV1, refusedV2 as Response]) {
      assert.equal(refused.status, 401)
      assert.match(refused.headers.get('WWW-Authenticate') ?? '', /error="invalid_token".*the token is for another resource.*resource_metadata=/)
    }
    assert.equal(tokenOf(await v2(ask(good))).subject, 'per_ada')
  } finally {
    server.close()
  }
})
