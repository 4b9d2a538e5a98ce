// server.js: the to-do server on Express.

import { createResource } from '@authwright/node'
import { metadata, protect } from '@authwright/node/express'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler } from '@modelcontextprotocol/server'
import express from 'express'
import { rules, todo } from './todo.js'

const port = Number(process.env.PORT ?? 8101)
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

const app = express()
const handler = toNodeHandler(createMcpHandler(todo))
app.use(metadata(resource))
app.all('/mcp', protect(resource), (req, res) => handler(req, res))
app.listen(port, '127.0.0.1', () => console.log(`MCP server ${resource.url}`))
