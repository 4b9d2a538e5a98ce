// server.js: the to-do server on Hono.

import { createResource } from '@authwright/node'
import { metadata, protect } from '@authwright/node/hono'
import { serve } from '@hono/node-server'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { Hono } from 'hono'
import { rules, todo } from './todo.js'

const port = Number(process.env.PORT ?? 8102)
const resource = createResource({
  resource: process.env.RESOURCE ?? `http://127.0.0.1:${port}/mcp`,
  issuer: process.env.ISSUER ?? 'http://127.0.0.1:8080',
  introspection: {
    clientId: 'demo-confidential',
    clientSecret: process.env.INTROSPECTION_SECRET ?? 'demo-confidential-secret-for-local-use-only',
    every: 2, // seconds within which a revocation is felt
  },
  ...rules,
})

const app = new Hono()
const handler = createMcpHandler(todo)
app.use(metadata(resource))
app.all('/mcp', protect(resource), (c) => handler.fetch(c.req.raw, { authInfo: c.get('auth') }))
serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () => console.log(`MCP server ${resource.url}`))
