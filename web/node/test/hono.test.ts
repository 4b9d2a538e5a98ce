import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import { Hono } from 'hono'

import { metadata, protect } from '../src/hono.js'
import { createResourceAt } from '../src/resource.js'
import { tokenOf } from '../src/token.js'
import { resourceURL, TestIssuer } from './issuer.js'
import { runVector, type Send, type VectorFile } from './vectors.js'

const folder = new URL('../../../../conformance/vectors/', import.meta.url)

const overHono: Send = async (resource, method, target, headers, body) => {
  let reached: Uint8Array | undefined
  const app = new Hono()
  app.use(metadata(resource))
  app.use('*', protect(resource))
  app.all('*', async (c) => {
    reached = new Uint8Array(await c.req.arrayBuffer())
    assert.ok(tokenOf(c))
    return c.text('reached')
  })
  const init: RequestInit = { method, headers: new Headers() }
  headers.forEach(([name, value]) => (init.headers as Headers).append(name, value))
  if (method !== 'GET' && method !== 'HEAD') {
    init.body = body as Uint8Array<ArrayBuffer>
  }
  return { response: await app.request(target, init), reached }
}

for (const name of ['requests.json', 'scopes.json']) {
  const file = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as VectorFile
  describe(`${name}, over Hono`, () => {
    for (const vector of file.cases) {
      test(vector.name, async () => {
        assert.deepEqual(await runVector(file, vector, overHono), [])
      })
    }
  })
}

test('a body that a middleware has read is checked, and read once more', async () => {
  const issuer = await TestIssuer.create()
  const app = new Hono()
  app.use(async (c, next) => {
    await c.req.json()
    await next()
  })
  app.post('/mcp', protect(createResourceAt(issuer.config(), issuer.clock)), async (c) => c.text(await c.req.raw.text()))
  const call = (name: string) => JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } })
  const send = async (body: string) => app.request(resourceURL, { method: 'POST', headers: { Authorization: `Bearer ${await issuer.token()}` }, body })
  assert.equal(await (await send(call('list_items'))).text(), call('list_items'))
  assert.equal((await send(call('create_item'))).status, 403)
})
