import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { createResource, OAuthError, tokenOf, type ResourceConfig } from '../src/index.js'
import { createResourceAt } from '../src/resource.js'
import { resourceURL, TestIssuer } from './issuer.js'

async function setup(more: Partial<ResourceConfig> = {}) {
  const issuer = await TestIssuer.create()
  return { issuer, resource: createResourceAt(issuer.config(more), issuer.clock) }
}

function post(raw: string, more: Record<string, string> = {}, body = '{"jsonrpc":"2.0","id":1,"method":"ping"}'): Request {
  return new Request(resourceURL, { method: 'POST', body, headers: { Authorization: `Bearer ${raw}`, ...more } })
}

const ok = () => new Response('ok')

describe('origins', () => {
  const rows: [string, string[], string | undefined, number][] = [
    ['no Origin', [], undefined, 200],
    ['its own', [], 'https://mcp.example.com', 200],
    ['another', [], 'https://evil.example', 403],
    ['null', [], 'null', 403],
    ['its own over http', [], 'http://mcp.example.com', 403],
    ['its own with a port', [], 'https://mcp.example.com:8443', 403],
    ['one that is allowed', ['https://app.example'], 'https://app.example', 200],
    ['one that begins alike', ['https://app.example'], 'https://app.example.evil.example', 403],
    ['any port, with one', ['http://localhost:*'], 'http://localhost:6274', 200],
    ['any port, without', ['http://localhost:*'], 'http://localhost', 200],
    ['any port, but a name behind it', ['http://localhost:*'], 'http://localhost:6274.evil.example', 403],
    ['any port, another host', ['http://localhost:*'], 'http://localhost.evil.example', 403],
    ['all', ['*'], 'https://any.example', 200],
    ['two at once', ['*'], 'https://any.example, https://evil.example', 403],
  ]
  for (const [name, allowedOrigins, origin, want] of rows) {
    test(name, async () => {
      const { issuer, resource } = await setup({ allowedOrigins })
      const response = await resource.protect(ok)(post(await issuer.token(), origin === undefined ? {} : { Origin: origin }))
      assert.equal(response.status, want)
      assert.equal(response.headers.get('Access-Control-Allow-Origin'), want === 200 ? (origin ?? null) : null)
      assert.equal(response.headers.get('Vary'), want === 200 ? 'Origin' : null)
    })
  }
})

test('a preflight is answered without a token, and lets the page send what it must', async () => {
  const { resource } = await setup()
  const headers = { Origin: 'https://mcp.example.com', 'Access-Control-Request-Method': 'POST' }
  const response = await resource.protect(ok)(new Request(resourceURL, { method: 'OPTIONS', headers }))
  assert.equal(response.status, 204)
  assert.match(response.headers.get('Access-Control-Allow-Headers') ?? '', /Authorization.*MCP-Protocol-Version/)
})

test('a refusal can be read by the page, the challenge too', async () => {
  const { resource } = await setup()
  const response = await resource.protect(ok)(new Request(resourceURL, { headers: { Origin: 'https://mcp.example.com' } }))
  assert.equal(response.status, 401)
  assert.match(response.headers.get('Access-Control-Expose-Headers') ?? '', /WWW-Authenticate/)
  assert.equal(response.headers.get('Cache-Control'), 'no-store')
})

describe('session ids', () => {
  const key = new Uint8Array(32).fill(7)
  const open = (id: string) => new Response('ok', { headers: { 'Mcp-Session-Id': id } })

  for (const [name, sessionKey] of [['in bytes', key], ['as text', new TextDecoder().decode(key)]] as const) {
    test(`the Go library makes the same of the same key: ${name}`, async () => {
      const { issuer, resource } = await setup({ sessionKey })
      const response = await resource.protect(() => open('a.b-1'))(post(await issuer.token({ org_id: 'ümlaut' })))
      assert.equal(response.headers.get('Mcp-Session-Id'), 'a.b-1.tqui3QyPb01-dl4i3jpvtQ')
    })
  }

  const others: [string, Record<string, unknown>, number][] = [
    ['who got it', {}, 200],
    ['who got it, with another token', { jti: 'another', scope: 'todo.read todo.write' }, 200],
    ['another person', { sub: 'per_bob' }, 404],
    ['another client', { client_id: 'cli_2' }, 404],
    ['another organization', { org_id: 'acme' }, 404],
  ]
  for (const [who, claims, want] of others) {
    test(`a session id from ${who}`, async () => {
      const { issuer, resource } = await setup()
      let seen: string | null = null
      const handler = resource.protect((request) => {
        seen = request.headers.get('Mcp-Session-Id')
        return open('secret-1')
      })
      const sealed = (await handler(post(await issuer.token()))).headers.get('Mcp-Session-Id') ?? ''
      const response = await handler(post(await issuer.token(claims), { 'Mcp-Session-Id': sealed }))
      assert.deepEqual([response.status, seen], [want, want === 200 ? 'secret-1' : null])
    })
  }

  for (const id of ['secret-1', 'secret-1.', '.AAAAAAAAAAAAAAAAAAAAAA', '']) {
    test(`a session id that nobody sealed: ${JSON.stringify(id)}`, async () => {
      const { issuer, resource } = await setup()
      const response = await resource.protect(ok)(post(await issuer.token(), { 'Mcp-Session-Id': id }))
      assert.equal(response.status, 404)
    })
  }
})

describe('an answer ends with its token', () => {
  let alive: ReturnType<typeof setInterval> // a lease alone does not keep the process going
  before(() => void (alive = setInterval(() => undefined, 1000)))
  after(() => clearInterval(alive))

  const endless = (type = 'text/event-stream; charset=utf-8') => {
    let cancelled = false
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(': open\n\n')),
      cancel: () => void (cancelled = true),
    })
    return { answer: new Response(body, { headers: { 'Content-Type': type } }), cancelled: () => cancelled }
  }

  for (const [name, type, ends] of [
    ['a stream of events ends when the token expires, and the handler is told', 'text/event-stream; charset=utf-8', true],
    ['another body breaks off, lest a part pass for the whole', 'text/plain', false],
  ] as const) {
    test(name, async () => {
      const { issuer, resource } = await setup()
      const raw = await issuer.token({ exp: issuer.now / 1000 + 10 })
      issuer.now += 39_990 // 10 ms before the end
      const stream = endless(type)
      let signal: AbortSignal | undefined
      const response = await resource.protect((request) => ((signal = request.signal), stream.answer))(post(raw))
      issuer.now += 20
      if (ends) {
        assert.equal(await response.text(), ': open\n\n')
      } else {
        await assert.rejects(response.text(), /no longer valid/)
      }
      assert.ok(signal?.aborted && stream.cancelled())
    })
  }

  test('a stream of events ends when the issuer says that the token was revoked', async () => {
    const { issuer, resource } = await setup({ introspection: { clientId: 'res 1', clientSecret: 's:cret' } })
    const raw = await issuer.token()
    await resource.verify(raw)
    issuer.now += 9_990
    const response = await resource.protect(() => endless().answer)(post(raw))
    issuer.active = false
    issuer.now += 20
    assert.equal(await response.text(), ': open\n\n')
  })

  test('a stream that is complete while the issuer is asked was not ended by it', async () => {
    const { issuer, resource } = await setup({ introspection: { clientId: 'res 1', clientSecret: 's:cret' } })
    const raw = await issuer.token()
    await resource.verify(raw)
    issuer.now += 9_990
    let finish = () => {}
    let signal: AbortSignal | undefined
    const body = new ReadableStream({ start: (controller) => void (finish = () => controller.close()) })
    const response = await resource.protect((request) => ((signal = request.signal), new Response(body)))(post(raw))
    let answer = () => {}
    issuer.waits = new Promise((resolve) => (answer = resolve))
    issuer.active = false
    issuer.now += 20
    while (issuer.asked.filter((url) => url.endsWith('/introspect')).length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    finish()
    assert.equal(await response.text(), '')
    answer()
    await assert.rejects(resource.verify(raw), { code: 'invalid_token' })
    assert.equal(signal?.aborted, false)
  })

  test('a stream of a token that is still active goes on', async () => {
    const { issuer, resource } = await setup({ introspection: { clientId: 'res 1', clientSecret: 's:cret' } })
    const raw = await issuer.token()
    await resource.verify(raw)
    issuer.now += 9_990
    let finish = () => {}
    const body = new ReadableStream({ start: (controller) => void (finish = () => controller.close()) })
    const response = await resource.protect(() => new Response(body))(post(raw))
    issuer.now += 20
    while (issuer.asked.filter((url) => url.endsWith('/introspect')).length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    finish()
    assert.equal(await response.text(), '')
  })
})

describe('the doors', () => {
  test('authenticate gives the token or the answer, and leaves the body', async () => {
    const { issuer, resource } = await setup()
    const request = post(await issuer.token())
    const token = await resource.authenticate(request)
    assert.ok(!(token instanceof Response) && token.subject === 'per_ada')
    assert.match(await request.text(), /ping/)
    const refused = await resource.authenticate(post('garbage'))
    assert.ok(refused instanceof Response && refused.status === 401)
    const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_item"}}'
    const stepUp = await resource.authenticate(post(await issuer.token(), {}, call))
    assert.ok(stepUp instanceof Response && stepUp.status === 403)
  })

  test('verify takes a token or a request', async () => {
    const { issuer, resource } = await setup()
    assert.equal((await resource.verify(await issuer.token())).clientId, 'cli_1')
    assert.equal((await resource.verify(post(await issuer.token()))).clientId, 'cli_1')
    await assert.rejects(resource.verify(new Request(resourceURL)))
    await assert.rejects(resource.verify('x'), (err) => err instanceof OAuthError && err.code === 'invalid_token' && err.status === 401)
  })

  test('require looks at scopes, not at the body', async () => {
    const { issuer, resource } = await setup()
    const handler = resource.require(async (request, token) => new Response(`${token.subject} ${await request.text()}`), 'todo.write')
    assert.equal((await handler(post(await issuer.token(), {}, 'no JSON'))).status, 403)
    assert.equal(await (await handler(post(await issuer.token({ scope: 'todo.write' }), {}, 'no JSON'))).text(), 'per_ada no JSON')
  })

  test('what a DELETE brings along does not reach the handler', async () => {
    const { issuer, resource } = await setup()
    const headers = { Authorization: `Bearer ${await issuer.token()}` }
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_item"}}'
    const response = await resource.protect(async (request) => new Response(`[${await request.text()}]`))(new Request(resourceURL, { method: 'DELETE', headers, body }))
    assert.equal(await response.text(), '[]')
  })

  test('a body may be as large as maxBody, whether or not its length was announced', async () => {
    const { issuer, resource } = await setup({ maxBody: 40 })
    const handler = resource.protect(ok)
    const raw = await issuer.token()
    assert.equal((await handler(post(raw))).status, 200)
    const long = '{"jsonrpc":"2.0","id":1,"method":"ping"} '
    assert.equal((await handler(post(raw, {}, long))).status, 413)
    assert.equal((await handler(post(raw, { 'Content-Length': '41' }))).status, 413)
    assert.equal((await handler(post(raw, { 'Content-Encoding': 'gzip' }))).status, 415)
  })

  test('mount answers at the paths of the resource and its metadata', async () => {
    const { issuer, resource } = await setup()
    const handler = resource.mount((_request, token) => new Response(token.subject), () => new Response('elsewhere'))
    const headers = { Authorization: `Bearer ${await issuer.token()}` }
    const get = async (path: string) => (await handler(new Request(`https://inner.example${path}`, { headers }))).text()
    assert.equal(await get('/mcp'), 'per_ada')
    assert.equal(await get('/mcp/'), 'per_ada')
    assert.equal(await get('/mcp/x'), 'elsewhere')
    assert.deepEqual(JSON.parse(await get('/.well-known/oauth-protected-resource/mcp')), resource.metadata)
    assert.equal((await resource.mount(ok)(new Request('https://mcp.example.com/other'))).status, 404)
  })

  test('the metadata may be read from any page, and by GET, HEAD and OPTIONS only', async () => {
    const { resource } = await setup()
    const statuses = ['GET', 'HEAD', 'OPTIONS', 'POST'].map((method) => {
      const response = resource.serveMetadata(new Request(resource.metadataUrl, { method }))
      return [response.status, response.headers.get('Access-Control-Allow-Origin')]
    })
    assert.deepEqual(statuses, [[200, '*'], [200, '*'], [204, '*'], [405, '*']])
  })
})

describe('a token', () => {
  test('knows what its scopes imply, its claims, and cannot be changed', async () => {
    const { issuer, resource } = await setup()
    const token = await resource.verify(await issuer.token({ scope: 'todo.write', plan: { name: 'pro' } }))
    assert.deepEqual([token.has('todo.write'), token.has('todo.read'), token.has('other')], [true, true, false])
    assert.deepEqual(token.claim('plan'), { name: 'pro' })
    assert.equal(token.claim('toString'), undefined)
    assert.throws(() => ((token as { subject: string }).subject = 'per_bob'), TypeError)
    assert.throws(() => (token.scopes as string[]).push('admin'), TypeError)
  })

  test('tokenOf knows only what was verified', async () => {
    const { issuer, resource } = await setup()
    let inside: Request | undefined
    await resource.protect((request) => ((inside = request), ok()))(post(await issuer.token()))
    assert.equal(tokenOf(inside).subject, 'per_ada')
    const auth = (inside as unknown as { auth: object }).auth
    for (const carrier of [{ authInfo: auth }, { http: { authInfo: auth } }, { auth }, auth, copyOf(auth)]) {
      assert.equal(tokenOf(carrier).subject, 'per_ada')
    }
    for (const carrier of [undefined, null, 'x', {}, { authInfo: {} }, { auth: { extra: { authwright: { subject: 'per_eve' } } } }]) {
      assert.throws(() => tokenOf(carrier), /no verified token came along; is the server behind protect/)
    }
  })
})

/** copyOf is a copy of the outer object, as frameworks make. */
function copyOf(value: object): object {
  return { ...value }
}

test('all that is wrong with a configuration is told at once', () => {
  const config = { resource: 'http://mcp.example.com/', issuer: '', scopes: ['a b'], tools: { 'x*': ['offline_access'] }, allowedOrigins: ['app.example'], jwksUri: 'x', sessionKey: new Uint8Array(31), maxBody: 0 }
  const wrong = { ...config, introspection: { clientId: '', clientSecret: '', every: 31, endpoint: 'ftp://x.example' } }
  assert.throws(() => createResource(wrong), (err: Error) => {
    assert.deepEqual(err.message.split('\n').map((line) => line.replace(/:.*/, '')), [
      'authwright', 'issuer', 'scopes', 'tools["x*"]', 'tools["x*"]', 'allowedOrigins "app.example"', 'jwksUri "x"', 'introspection.clientId', 'introspection.clientSecret', 'introspection.every', 'introspection.endpoint "ftp', 'sessionKey', 'maxBody',
    ])
    return true
  })
})

