// wiring.test.ts: a check that is put in the wrong place, or half, says so at the start and not by being silent.

import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'

import express from 'express'
import { Hono, type Context } from 'hono'

import * as forExpress from '../src/express.js'
import * as forHono from '../src/hono.js'
import { createResource, type Resource } from '../src/index.js'
import * as forNext from '../src/next.js'
import { createResourceAt } from '../src/resource.js'
import * as forWorkers from '../src/workers.js'
import { issuerURL, resourceURL, TestIssuer } from './issuer.js'

const config = { resource: resourceURL, issuer: issuerURL }
const ok = () => new Response('ok')
const uncalled = /^(TypeError: )?authwright: a Resource comes from createResource, and metadata and protect are called with it/

for (const [name, resource] of [['nothing', undefined], ['the configuration', config], ['a copy', { ...createResource(config) }]] as const) {
  const wrong = resource as Resource
  const doors: Record<string, () => unknown> = {
    'Express metadata': () => forExpress.metadata(wrong),
    'Express protect': () => forExpress.protect(wrong),
    'Express requireScopes': () => forExpress.requireScopes(wrong),
    'Hono metadata': () => forHono.metadata(wrong),
    'Hono protect': () => forHono.protect(wrong),
    'Hono requireScopes': () => forHono.requireScopes(wrong),
    'Next metadata': () => forNext.metadata(wrong),
    'Next protect': () => forNext.protect(wrong, ok),
  }
  for (const [door, call] of Object.entries(doors)) {
    test(`${door} of ${name} throws at the start`, () => assert.throws(call, (err) => uncalled.test(String(err))))
  }
  test(`a Worker of ${name} says so in the log at the first request`, async (t) => {
    const log = t.mock.method(console, 'error', () => undefined)
    const answer = await forWorkers.protect(() => wrong, ok).fetch(new Request(resourceURL), {}, undefined as never)
    assert.equal(answer.status, 500)
    assert.match(String(log.mock.calls[0]?.arguments[0]), uncalled)
  })
}

const resource = createResource(config)
const handlers: Record<string, [() => unknown, RegExp]> = {
  'a Worker whose first argument is a Resource': [() => forWorkers.protect(resource as never, ok), /a function that makes the Resource of env/],
  'a Worker without a handler': [() => forWorkers.protect(() => resource, undefined as never), /and a handler/],
  'protect without a handler': [() => forNext.protect(resource, undefined as never), /the handler is no function/],
  'protect of what the SDK returns': [() => resource.protect({ fetch: ok } as never), /one of the MCP SDK goes through withAuthInfo/],
  'require without a handler': [() => resource.require(undefined as never), /the handler is no function/],
  'mount without a handler': [() => resource.mount(undefined as never), /the handler is no function/],
}
for (const [name, [call, want]] of Object.entries(handlers)) {
  test(`${name} throws at the start`, () => assert.throws(call, want))
}

/** over sends one GET to an app of Express. */
async function over(build: (app: express.Express) => void, path: string): Promise<Response> {
  const app = express()
  build(app)
  app.use(((err, _req, res, _next) => void res.status(500).send(String(err))) as express.ErrorRequestHandler)
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  try {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
    return new Response(await answer.text(), answer)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

for (const name of ['metadata', 'protect', 'requireScopes'] as const) {
  test(`app.use(${name}) without calling it answers nothing by hanging`, { timeout: 10_000 }, async () => {
    const onExpress = await over((app) => app.use(forExpress[name] as never), '/mcp')
    const hono = new Hono().use(forHono[name] as never).onError((err, c: Context) => c.text(String(err), 500))
    for (const answer of [onExpress, await hono.request(resourceURL)]) {
      assert.equal(answer.status, 500)
      assert.match(await answer.text(), uncalled)
    }
  })
}

test('protect on all paths leaves the metadata to everybody', async () => {
  const issuer = await TestIssuer.create()
  const resource = createResourceAt(issuer.config(), issuer.clock)
  const { metadataUrl, metadataPath } = resource
  const answers = {
    'Express protect': await over((app) => app.use(forExpress.protect(resource)), metadataPath),
    'Express requireScopes': await over((app) => app.use(forExpress.requireScopes(resource, 'admin')), metadataPath),
    'Hono protect': await new Hono().use(forHono.protect(resource)).request(metadataUrl),
    'Hono requireScopes': await new Hono().use(forHono.requireScopes(resource, 'admin')).request(metadataUrl),
    'fetch protect': await resource.protect(ok)(new Request(metadataUrl)),
    'fetch require': await resource.require(ok, 'admin')(new Request(metadataUrl)),
  }
  for (const [name, answer] of Object.entries(answers)) {
    assert.deepEqual([name, answer.status, await answer.text()], [name, 200, JSON.stringify(resource.metadata)])
  }
  assert.equal((await resource.protect(ok)(new Request(`${metadataUrl}/x`))).status, 401)
})
