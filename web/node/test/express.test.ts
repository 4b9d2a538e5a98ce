import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'

import express, { type Express, type RequestHandler } from 'express'

import { metadata, protect } from '../src/express.js'
import { createResourceAt } from '../src/resource.js'
import { tokenOf } from '../src/token.js'
import { TestIssuer } from './issuer.js'
import { runVector, type Send, type VectorFile } from './vectors.js'

const folder = new URL('../../../../conformance/vectors/', import.meta.url)

/** over makes the requests of vectors to a server of Express. */
function over(build: (app: Express, guard: RequestHandler, read: (req: IncomingMessage & { body?: unknown }) => Promise<Uint8Array>) => void): Send {
  return async (resource, method, target, headers, body) => {
    let reached: Uint8Array | undefined
    const app = express()
    app.use(metadata(resource))
    build(app, protect(resource), async (req) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of req) {
        chunks.push(chunk as Uint8Array)
      }
      assert.ok(tokenOf(req))
      reached = new Uint8Array(Buffer.concat(chunks))
      return reached
    })
    const server = await new Promise<Server>((resolve) => {
      const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
    })
    try {
      return { response: await exchange((server.address() as AddressInfo).port, method, target, headers, body), reached }
    } finally {
      server.close()
    }
  }
}

async function exchange(port: number, method: string, path: string, headers: [string, string][], body: Uint8Array): Promise<Response> {
  const lines = [...headers, ['Host', `127.0.0.1:${port}`], ['Content-Length', String(body.length)], ['Connection', 'close']]
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host: '127.0.0.1', port, method, path, headers: lines as never }, (res) => {
      const chunks: Buffer[] = []
      const received = new Headers()
      res.rawHeaders.forEach((name, i) => i % 2 === 0 && received.append(name, res.rawHeaders[i + 1] ?? ''))
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('end', () => resolve(new Response(Buffer.concat(chunks), { status: res.statusCode ?? 0, headers: received })))
    })
    outgoing.on('error', reject).end(body)
  })
}

const plain = over((app, guard, read) => {
  app.all('/{*path}', guard, async (req, res) => {
    await read(req)
    res.end('reached')
  })
})

for (const name of ['requests.json', 'scopes.json']) {
  const file = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as VectorFile
  describe(`${name}, over Express`, () => {
    for (const vector of file.cases) {
      test(vector.name, async () => {
        assert.deepEqual(await runVector(file, vector, plain), [])
      })
    }
  })
}

test('a body of which a middleware has left nothing is no fault of the client', async () => {
  const issuer = await TestIssuer.create()
  const app = express()
  app.use((req, _res, next) => void req.resume().once('end', next))
  app.post('/mcp', protect(createResourceAt(issuer.config(), issuer.clock)))
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  try {
    const headers: [string, string][] = [['Authorization', `Bearer ${await issuer.token()}`]]
    assert.equal((await exchange((server.address() as AddressInfo).port, 'POST', '/mcp', headers, new TextEncoder().encode('{}'))).status, 500)
  } finally {
    server.close()
  }
})
