// express_server.test.ts: what the vectors cannot ask of Express: bodies that a parser read before, streams, sessions,
// clients that go away, and handlers that fail.

import assert from 'node:assert/strict'
import { request as httpRequest, type IncomingMessage, type RequestOptions, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'

import express, { type ErrorRequestHandler, type RequestHandler } from 'express'

import type { ResourceConfig } from '../src/config.js'
import { metadata, protect } from '../src/express.js'
import { createResourceAt } from '../src/resource.js'
import { tokenOf } from '../src/token.js'
import { TestIssuer } from './issuer.js'

const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
const call = '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"create_item"}}'

interface Reply {
  status: number
  headers: Headers
  body: string
}

/** TestServer is a protected server of Express on a port of this machine. */
class TestServer {
  private constructor(
    readonly issuer: TestIssuer,
    private readonly server: Server,
  ) {}

  static async start(handler: RequestHandler, { config = {}, parsers = [], failed }: Setup = {}): Promise<TestServer> {
    const issuer = await TestIssuer.create()
    const resource = createResourceAt(issuer.config(config), issuer.clock)
    const app = express()
    app.use(metadata(resource))
    app.all('/mcp', ...parsers, protect(resource), handler)
    if (failed !== undefined) {
      app.use(failed)
    }
    const server = await new Promise<Server>((resolve) => {
      const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
    })
    return new TestServer(issuer, server)
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** send makes a request with a good token, unless the headers have another. */
  async send(method: string, body = '', headers: RequestOptions['headers'] = {}): Promise<Reply> {
    const authorization = `Bearer ${await this.issuer.token()}`
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({ port: this.port, host: '127.0.0.1', method, path: '/mcp', agent: false, headers: { authorization, ...headers } }, (res) => {
        const received = new Headers()
        res.rawHeaders.forEach((name, i) => i % 2 === 0 && received.append(name, res.rawHeaders[i + 1] ?? ''))
        let text = ''
        res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: received, body: text })).on('error', reject)
      })
      outgoing.on('error', reject).end(body)
    })
  }

  stop(): void {
    this.server.close()
    this.server.closeAllConnections()
  }
}

interface Setup {
  config?: Partial<ResourceConfig>
  parsers?: RequestHandler[]
  failed?: ErrorRequestHandler
}

/** echo answers with who calls, what a parser left, and what is in the stream. */
const echo: RequestHandler = async (req, res) => {
  const chunks: Uint8Array[] = []
  for await (const chunk of req) {
    chunks.push(chunk as Uint8Array)
  }
  const { body } = req as { body?: unknown }
  res.json({ who: tokenOf(req)?.subject, parsed: body ?? null, streamed: Buffer.concat(chunks).toString() })
}

async function serving<T>(handler: RequestHandler, setup: Setup, use: (server: TestServer) => Promise<T>): Promise<T> {
  const server = await TestServer.start(handler, setup)
  try {
    return await use(server)
  } finally {
    server.stop()
  }
}

describe('a body', () => {
  const reads: [string, RequestHandler[], unknown, string][] = [
    ['that nobody read', [], null, ping],
    ['that express.json() read', [express.json()], JSON.parse(ping), ''],
    ['that express.text() read', [express.text({ type: '*/*' })], ping, ''],
    ['that express.raw() read', [express.raw({ type: '*/*' })], { type: 'Buffer', data: [...Buffer.from(ping)] }, ''],
    ['that a parser left alone', [express.urlencoded({ extended: false })], null, ping],
  ]
  for (const [name, parsers, parsed, streamed] of reads) {
    test(`${name} reaches the handler as it was checked`, () =>
      serving(echo, { parsers }, async (server) => {
        const reply = await server.send('POST', ping, { 'content-type': 'application/json' })
        assert.deepEqual([reply.status, JSON.parse(reply.body)], [200, { who: 'per_ada', parsed, streamed }])
        const refused = await server.send('POST', call, { 'content-type': 'application/json' })
        assert.deepEqual([refused.status, JSON.parse(refused.body).error], [403, 'insufficient_scope'])
      }))
  }

  const chunked = { 'transfer-encoding': 'chunked' }
  const refusals: [string, Setup, string, Record<string, string>, number, number][] = [
    ['that is too large', { config: { maxBody: 40 } }, ping + ' ', {}, 413, -32600],
    ['that is too large, of a length nobody said', { config: { maxBody: 40 } }, ping + ' ', chunked, 413, -32600],
    ['that is too large, parsed before', { config: { maxBody: 30 }, parsers: [express.json()] }, ping, { 'content-type': 'application/json' }, 413, -32600],
    ['that is no JSON', {}, '{"jsonrpc":', {}, 400, -32700],
    ['that is no JSON, though a parser passed it', { parsers: [express.text({ type: '*/*' })] }, 'ping', {}, 400, -32700],
    ['that is empty', {}, '', {}, 400, -32700],
    ['that is a batch', {}, `[${ping}]`, {}, 400, -32700],
    ['that is a batch, parsed before', { parsers: [express.json()] }, `[${ping}]`, { 'content-type': 'application/json' }, 400, -32700],
    ['that is coded', {}, ping, { 'content-encoding': 'gzip' }, 415, -32600],
  ]
  for (const [name, setup, body, headers, status, code] of refusals) {
    test(`${name} does not reach the handler`, () => {
      let reached = false
      const handler: RequestHandler = (_req, res) => void ((reached = true), res.end())
      return serving(handler, setup, async (server) => {
        const reply = await server.send('POST', body, headers)
        assert.deepEqual([reply.status, JSON.parse(reply.body).error.code, reached], [status, code, false])
        assert.equal((await server.send('GET')).status, 200) // the server is none the worse
      })
    })
  }
})

test('what a parser saw is what is checked, not what stood there', () =>
  serving(echo, { parsers: [express.json()] }, async (server) => {
    const twice = call.replace('"method":"tools/call"', '"method":"tools/call","method":"ping"')
    const reply = await server.send('POST', twice, { 'content-type': 'application/json' })
    assert.deepEqual([reply.status, JSON.parse(reply.body).parsed.method], [200, 'ping'])
    const other = call.replace('"method":"tools/call"', '"method":"ping","method":"tools/call"')
    assert.equal((await server.send('POST', other, { 'content-type': 'application/json' })).status, 403)
  }))

describe('methods', () => {
  test('without a token: HEAD, OPTIONS and DELETE are challenged like the others', () =>
    serving(echo, {}, async (server) => {
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE', 'PUT', 'PATCH']) {
        const reply = await server.send(method, '', { authorization: '' })
        assert.deepEqual([method, reply.status, reply.headers.get('WWW-Authenticate')?.slice(0, 24)], [method, 401, 'Bearer scope="todo.read"'])
        assert.equal(reply.body === '', method === 'HEAD')
      }
    }))

  for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE']) {
    test(`what a ${method} brings along does not reach the handler`, () => {
      let seen: unknown
      const handler: RequestHandler = async (req, res) => {
        let streamed = ''
        for await (const chunk of req) {
          streamed += String(chunk)
        }
        seen = [streamed, (req as { body?: unknown }).body]
        res.end()
      }
      return serving(handler, { parsers: [express.json()] }, async (server) => {
        for (const type of ['application/json', 'text/plain']) {
          const reply = await server.send(method, call, { 'content-type': type, 'content-length': String(call.length) })
          assert.deepEqual([reply.status, seen], [200, ['', undefined]])
        }
      })
    })
  }
})

describe('pages', () => {
  const asks = { authorization: '', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }
  const config = { allowedOrigins: ['https://app.example', 'http://localhost:*'] }
  const origins: [string, boolean][] = [
    ['https://mcp.example.com', true],
    ['https://app.example', true],
    ['http://localhost:5173', true],
    ['https://app.example.evil', false],
    ['https://evil.example', false],
    ['https://app.example, https://evil.example', false],
    ['null', false],
    ['', false],
  ]
  for (const [origin, allowed] of origins) {
    test(`of ${origin || 'an empty origin'}: ${allowed ? 'may call' : 'are refused'}`, () => {
      let reached = 0
      const handler: RequestHandler = (_req, res) => void (reached++, res.end('ok'))
      return serving(handler, { config }, async (server) => {
        const asked = await server.send('OPTIONS', '', { ...asks, origin })
        assert.deepEqual([asked.status, asked.body, reached], allowed ? [204, '', 0] : [403, 'requests from this origin are not accepted\n', 0])
        const sent = await server.send('POST', ping, { origin })
        const told = ['Access-Control-Allow-Origin', 'Vary', 'Access-Control-Expose-Headers'].map((name) => sent.headers.get(name))
        const exposed = 'WWW-Authenticate, Mcp-Session-Id, DPoP-Nonce, Retry-After'
        assert.deepEqual([sent.status, reached, ...told], allowed ? [200, 1, origin, 'Origin', exposed] : [403, 0, null, null, null])
        if (allowed) {
          assert.equal(asked.headers.get('Access-Control-Allow-Methods'), 'GET, POST, DELETE, OPTIONS')
          assert.match(asked.headers.get('Access-Control-Allow-Headers') ?? '', /Authorization, Content-Type.*Mcp-Session-Id/)
        }
      })
    })
  }
})

describe('a session', () => {
  const gives: [string, RequestHandler][] = [
    ['setHeader', (_req, res) => void res.setHeader('Mcp-Session-Id', 's.1').end()],
    ['writeHead with an object', (_req, res) => void res.writeHead(200, { 'mcp-session-id': 's.1' }).end()],
    ['writeHead with a text and an object', (_req, res) => void res.writeHead(200, 'OK', { 'MCP-SESSION-ID': 's.1' }).end()],
    ['writeHead with a list', (_req, res) => void res.writeHead(200, ['Mcp-Session-Id', 's.1']).end()],
  ]
  for (const [way, handler] of gives) {
    test(`given by ${way} is sealed`, () =>
      serving(handler, { config: { sessionKey: new Uint8Array(32).fill(7) } }, async (server) => {
        const reply = await server.send('POST', ping)
        assert.match(reply.headers.get('Mcp-Session-Id') ?? '', /^s\.1\.[\w-]{22}$/)
      }))
  }

  const callers: [string, Record<string, unknown>, (id: string) => string | string[], number][] = [
    ['its owner', {}, (id) => id, 200],
    ['its owner with a refreshed token', { jti: 'other', scope: 'todo.read todo.write' }, (id) => id, 200],
    ['another person', { sub: 'per_bob' }, (id) => id, 404],
    ['another client of the person', { client_id: 'other' }, (id) => id, 404],
    ['another organization of the person', { org_id: 'acme' }, (id) => id, 404],
    ["the server's own id", {}, () => 's.1', 404],
    ['an id that was never given', {}, (id) => 's.2' + id.slice(3), 404],
    ['the id cut short', {}, (id) => id.slice(0, -1), 404],
    ['an empty id', {}, () => '', 404],
    ['two ids', {}, (id) => [id, id], 404],
  ]
  for (const [who, claims, sent, want] of callers) {
    test(`used by ${who}`, () => {
      let seen: unknown
      const handler: RequestHandler = (req, res) => {
        const at = req.rawHeaders.findIndex((name) => name.toLowerCase() === 'mcp-session-id')
        seen = [req.headers['mcp-session-id'], req.rawHeaders[at + 1]]
        res.setHeader('Mcp-Session-Id', 's.1').end()
      }
      return serving(handler, {}, async (server) => {
        const sealed = (await server.send('POST', ping)).headers.get('Mcp-Session-Id') ?? ''
        seen = undefined
        for (const method of ['GET', 'POST', 'DELETE']) {
          const authorization = `Bearer ${await server.issuer.token(claims)}`
          const reply = await server.send(method, method === 'POST' ? ping : '', { authorization, 'Mcp-Session-Id': sent(sealed) })
          assert.deepEqual([reply.status, seen], [want, want === 200 ? ['s.1', 's.1'] : undefined])
        }
      })
    })
  }
})

describe('a stream', () => {
  let alive: ReturnType<typeof setInterval> // a lease alone does not keep the process going
  before(() => void (alive = setInterval(() => undefined, 1000)))
  after(() => clearInterval(alive))

  /** events opens a stream, and gives what comes of it piece by piece. */
  async function events(server: TestServer, raw: string): Promise<AsyncIterator<Buffer>> {
    const headers = { authorization: `Bearer ${raw}`, accept: 'text/event-stream' }
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest({ port: server.port, host: '127.0.0.1', path: '/mcp', agent: false, headers }, resolve).on('error', reject).end()
    })
    assert.equal(response.headers['content-type'], 'text/event-stream')
    return response[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  }

  test('is passed on as it is written, and is cut when the token is over', async () => {
    let write: (text: string) => void = () => undefined
    let closed: () => void = () => undefined
    const over = new Promise<void>((resolve) => (closed = resolve))
    const handler: RequestHandler = (_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      write = (text) => void res.write(text)
      res.on('close', closed)
    }
    await serving(handler, {}, async (server) => {
      const raw = await server.issuer.token({ exp: server.issuer.now / 1000 + 10 })
      server.issuer.now += 39_000 // a second before the end
      const stream = await events(server, raw)
      for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
        write(text)
        assert.equal(String((await stream.next()).value), text)
      }
      server.issuer.now += 2000
      await assert.rejects(stream.next(), /aborted/)
      await over
    })
  })

  test('that the client leaves ends at the handler', async () => {
    let closed: () => void = () => undefined
    const left = new Promise<void>((resolve) => (closed = resolve))
    const handler: RequestHandler = (_req, res) => {
      res.on('close', closed)
      res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      res.write(': open\n\n')
    }
    await serving(handler, {}, async (server) => {
      const stream = await events(server, await server.issuer.token())
      await stream.next()
      await stream.return?.()
      await left
    })
  })
})

test('a client that goes away before its body is whole reaches nobody, and harms nobody', () => {
  let reached = 0
  return serving((_req, res) => void (reached++, res.end()), {}, async (server) => {
    const raw = await server.issuer.token()
    await new Promise<void>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => {
        socket.write(`POST /mcp HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${raw}\r\nContent-Length: ${ping.length}\r\n\r\n${ping.slice(0, 9)}`, () => socket.destroy())
      }).on('close', () => resolve())
    })
    assert.equal((await server.send('POST', ping)).status, 200)
    assert.equal(reached, 1)
  })
})

describe('an error', () => {
  const thrown = new Error('of the handler')
  const ways: [string, RequestHandler][] = [
    ['thrown', () => { throw thrown }],
    ['of a promise', async () => Promise.reject(thrown)],
    ['given to next', (_req, _res, next) => next(thrown)],
  ]
  for (const [way, handler] of ways) {
    test(`${way} is the handler's own, and goes where Express sends errors`, () => {
      let got: unknown
      const failed: ErrorRequestHandler = (err, _req, res, _next) => {
        got = err
        res.status(418).send('its own answer')
      }
      return serving(handler, { failed }, async (server) => {
        const reply = await server.send('POST', ping)
        assert.deepEqual([reply.status, reply.body, reply.headers.get('WWW-Authenticate')], [418, 'its own answer', null])
        assert.equal(got, thrown)
      })
    })
  }
})
