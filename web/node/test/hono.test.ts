import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import { Hono } from 'hono'

import { metadata, protect } from '../src/hono.js'
import { tokenOf } from '../src/token.js'
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
