// cors.test.ts: what a page may read where cors(), or another middleware, gives the answer headers too.

import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'

import express, { type Express, type RequestHandler } from 'express'
import { Hono } from 'hono'
import { setCookie } from 'hono/cookie'
import { cors as honoCors } from 'hono/cors'

import * as forExpress from '../src/express.js'
import * as forHono from '../src/hono.js'
import { createResourceAt, type Resource } from '../src/resource.js'
import { resourceURL, TestIssuer } from './issuer.js'

const page = 'https://app.example'
const given = { origin: [page], credentials: true, exposeHeaders: ['X-Mine', 'www-authenticate'], exposedHeaders: ['X-Mine', 'www-authenticate'] }
const expressCors = createRequire(import.meta.url)('cors') as (options: object) => RequestHandler // it comes with the SDK

/** Serve answers one request; what it makes a session of has the id s. */
type Serve = (resource: Resource, request: Request) => Promise<Response>

async function overHTTP(app: Express, request: Request): Promise<Response> {
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  try {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${new URL(request.url).pathname}`, request)
    return new Response(await answer.text(), answer)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

const onExpress = (...handlers: ((resource: Resource) => RequestHandler)[]): Serve => (resource, request) => {
  const app = express()
  handlers.forEach((make) => app.use(make(resource)))
  return overHTTP(app, request)
}

const ends: RequestHandler = (_req, res) => void res.setHeader('Mcp-Session-Id', 's').end()
const writes: RequestHandler = (_req, res) => void res.writeHead(200, { 'Mcp-Session-Id': 's', 'access-control-expose-headers': 'X-Mine' }).end()
const writesList: RequestHandler = (_req, res) => void res.writeHead(200, ['Mcp-Session-Id', 's', 'Access-Control-Expose-Headers', 'X-Mine']).end()
const session = () => new Response('', { headers: { 'Mcp-Session-Id': 's' } })

const onHono = (build: (app: Hono, resource: Resource) => void): Serve => async (resource, request) => {
  const app = new Hono()
  build(app, resource)
  return app.request(request)
}

const servers: Record<string, Serve> = {
  'Express, cors() before': onExpress(() => expressCors(given), forExpress.protect, () => ends),
  'Express, cors() before, and writeHead': onExpress(() => expressCors(given), forExpress.protect, () => writes),
  'Express, cors() behind': onExpress(forExpress.protect, () => expressCors(given), () => ends),
  'Express, writeHead with an object': onExpress(forExpress.protect, () => writes),
  'Express, writeHead with a list': onExpress(forExpress.protect, () => writesList),
  'Hono, cors() before': onHono((app, resource) => app.use(honoCors(given)).all('/mcp', forHono.protect(resource), session)),
  'Hono, cors() behind': onHono((app, resource) => app.use(forHono.protect(resource)).use(honoCors(given)).all('/mcp', session)),
  'fetch, a handler with headers of its own': (resource, request) =>
    resource.protect(() => new Response('', { headers: { 'Mcp-Session-Id': 's', 'Access-Control-Expose-Headers': 'X-Mine', Vary: 'origin' } }))(request),
}

const names = (list: string | null) => (list ?? '').split(',').map((name) => name.trim().toLowerCase())

for (const [name, serve] of Object.entries(servers)) {
  test(`a page reads the session id and the challenge: ${name}`, async () => {
    const issuer = await TestIssuer.create()
    const resource = createResourceAt(issuer.config({ allowedOrigins: [page] }), issuer.clock)
    const call = async (more: Record<string, string>) =>
      serve(resource, new Request(resourceURL, { method: 'POST', headers: { Origin: page, ...more }, body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' }))
    const passed = await call({ Authorization: `Bearer ${await issuer.token()}` })
    const outside = name.includes('before')
    for (const [answer, want, theirs] of [[passed, 200, true], [await call({}), 401, outside]] as const) {
      const { status, headers } = answer
      const exposed = names(headers.get('Access-Control-Expose-Headers'))
      assert.deepEqual([status, headers.get('Access-Control-Allow-Origin')], [want, page])
      assert.ok(['mcp-session-id', 'www-authenticate'].every((one) => exposed.includes(one)), exposed.join())
      assert.equal(exposed.includes('x-mine'), theirs, exposed.join())
      assert.equal(new Set(exposed).size, exposed.length, exposed.join())
      assert.equal(headers.get('Access-Control-Allow-Credentials'), name.includes('cors()') && theirs ? 'true' : null)
      assert.ok(names(headers.get('Vary')).includes('origin'))
    }
    assert.match(passed.headers.get('Mcp-Session-Id') ?? '', /^s\../)
  })
}

test('what an origin is told once, by the one who is asked first', async () => {
  const issuer = await TestIssuer.create()
  const resource = createResourceAt(issuer.config({ allowedOrigins: [page] }), issuer.clock)
  const request = () => new Request(resourceURL, { method: 'POST', headers: { Origin: page }, body: '{}' })
  const hono = onHono((app) => app.use(honoCors()).use(forHono.protect(resource)))
  const plain: Serve = onExpress(() => (_req, res, next) => void (res.vary('Origin'), next()), forExpress.protect)
  assert.equal((await hono(resource, request())).headers.get('Access-Control-Allow-Origin'), '*')
  assert.equal((await plain(resource, request())).headers.get('Vary'), 'Origin')
})

test('a refusal keeps the headers of the middleware before it', async () => {
  const issuer = await TestIssuer.create()
  const resource = createResourceAt(issuer.config(), issuer.clock)
  const app = new Hono()
  app.use(async (c, next) => {
    c.header('RateLimit', '"default";r=9')
    c.header('Vary', 'Accept')
    c.header('Cache-Control', 'public')
    setCookie(c, 'a', '1')
    setCookie(c, 'b', '2')
    await next()
  })
  app.all('/mcp', forHono.protect(resource))
  const express = onExpress(
    () => (_req, res, next) => void (res.setHeader('RateLimit', '"default";r=9').vary('Accept').setHeader('Cache-Control', 'public').cookie('a', '1').cookie('b', '2'), next()),
    forExpress.protect,
  )
  for (const answer of [await app.request(resourceURL), await express(resource, new Request(resourceURL))]) {
    const { status, headers } = answer
    assert.deepEqual([status, headers.get('RateLimit'), headers.get('Vary'), headers.get('Cache-Control')], [401, '"default";r=9', 'Accept, Origin', 'no-store'])
    assert.match(headers.get('WWW-Authenticate') ?? '', /^Bearer /)
    assert.deepEqual(headers.getSetCookie().map((cookie) => cookie.slice(0, 3)), ['a=1', 'b=2'])
    assert.match(headers.get('Content-Type') ?? '', /^text\/plain/)
  }
})
