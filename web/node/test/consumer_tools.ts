// consumer_tools.ts is every place where a program asks who calls, to the compiler in strict mode; it is checked, not run.

import { createResource, tokenOf } from '@authwright/node'
import * as forExpress from '@authwright/node/express'
import * as forHono from '@authwright/node/hono'
import { withAuthInfo } from '@authwright/node/mcp'
import * as forNext from '@authwright/node/next'
import * as forWorkers from '@authwright/node/workers'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import express from 'express'
import { Hono } from 'hono'
import { createMcpHandler as createRouteHandler } from 'mcp-handler'
import { z } from 'zod'

const resource = createResource({ resource: 'https://mcp.example.com/mcp', issuer: 'https://auth.example.com' })
const say = (text: string) => ({ content: [{ type: 'text' as const, text }] })

export const v1 = new McpServerV1({ name: 'v1', version: '1' })
v1.registerTool('whoami', {}, (extra) => say(tokenOf(extra).subject))
v1.registerTool('echo', { inputSchema: { text: z.string() } }, ({ text }, extra) => say(`${text} ${tokenOf(extra).subject}`))

function v2(): McpServer {
  const server = new McpServer({ name: 'v2', version: '1' })
  server.registerTool('whoami', {}, (ctx) => say(tokenOf(ctx).subject))
  server.registerTool('echo', { inputSchema: z.object({ text: z.string() }) }, ({ text }, ctx) => say(`${text} ${tokenOf(ctx).subject}`))
  return server
}

const handler = createMcpHandler(v2)

export const overExpress = express()
overExpress.use(forExpress.metadata(resource))
overExpress.all('/mcp', forExpress.protect(resource), (req, res) => void res.send(tokenOf(req).subject + req.path))

export const overHono = new Hono()
overHono.use(forHono.metadata(resource))
overHono.get('/who', forHono.requireScopes(resource), (c) => c.text(tokenOf(c).subject + c.get('token').subject))
overHono.all('/mcp', forHono.protect(resource), (c) => handler.fetch(c.req.raw, { authInfo: c.get('auth') }))

export const inParts = new Hono<forHono.ProtectedEnv>()
inParts.use('/mcp', forHono.protect(resource))
inParts.all('/mcp', (c) => handler.fetch(c.req.raw, { authInfo: c.get('auth') }))

export const { GET, POST } = forNext.protect(resource, (request) => new Response(tokenOf(request).subject))
export const route = forNext.protect(
  resource,
  createRouteHandler((server) => void server.registerTool('echo', { inputSchema: z.object({ text: z.string() }) }, ({ text }, ctx) => say(`${text} ${tokenOf(ctx).subject}`))),
)

export const worker = forWorkers.protect((_env: { ISSUER: string }) => resource, (request) => new Response(tokenOf(request).subject))
export const workerOfTheSDK = forWorkers.protect((_env: { ISSUER: string }) => resource, withAuthInfo(handler))
