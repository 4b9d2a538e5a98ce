import assert from 'node:assert/strict'
import { test } from 'node:test'

import { authInfo } from '../src/mcp.js'
import { metadata, protect } from '../src/next.js'
import { createResource, createResourceAt } from '../src/resource.js'
import { tokenOf } from '../src/token.js'
import { TestIssuer, resourceURL } from './issuer.js'

// asNext is a request as a route of Next.js is given it: a Proxy, which the Request of newer Nodes does not take for one of its own.
function asNext(request: Request): Request {
  return new Proxy(request, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

test('a route of Next.js is reached, with the method and the body that were checked', async () => {
  const issuer = await TestIssuer.create()
  const resource = createResourceAt(issuer.config(), issuer.clock)
  const { POST } = protect(resource, async (request, token) => new Response(`${request.method} ${await request.text()} ${token.subject}`))
  const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${await issuer.token()}` }
  const answer = await POST(asNext(new Request(resourceURL, { method: 'POST', headers, body })))
  assert.deepEqual([answer.status, await answer.text()], [200, `POST ${body} per_ada`])
})

test('a route that does not speak MCP gets the body as it comes', async () => {
  const issuer = await TestIssuer.create()
  const resource = createResourceAt(issuer.config(), issuer.clock)
  const route = resource.require(async (request) => new Response(await request.text()))
  const headers = { authorization: `Bearer ${await issuer.token()}` }
  const answer = await route(asNext(new Request(resourceURL, { method: 'POST', headers, body: 'anything' })))
  assert.deepEqual([answer.status, await answer.text()], [200, 'anything'])
})

test('where there is no AbortSignal.any, as in the edge runtime of Next.js, a request still ends with whoever sent it', async (t) => {
  const any = AbortSignal.any
  t.after(() => (AbortSignal.any = any))
  AbortSignal.any = undefined as never
  const issuer = await TestIssuer.create()
  const resource = createResourceAt(issuer.config(), issuer.clock)
  const signals: AbortSignal[] = []
  const { POST } = protect(resource, (request) => {
    signals.push(request.signal)
    return new Response('')
  })
  const gone = new AbortController()
  const headers = { authorization: `Bearer ${await issuer.token()}` }
  const request = () => new Request(resourceURL, { method: 'POST', headers, body: '{"jsonrpc":"2.0","id":1,"method":"ping"}', signal: gone.signal })
  await POST(request())
  assert.deepEqual(signals.map(({ aborted }) => aborted), [false])
  gone.abort()
  assert.deepEqual(signals.map(({ aborted }) => aborted), [true])
})

test('each method of a route is answered as it should be', async () => {
  const issuer = await TestIssuer.create()
  const resource = createResourceAt(issuer.config({ allowedOrigins: ['https://app.example'] }), issuer.clock)
  const route = protect(resource, async (request, token) => new Response(`${request.method} [${await request.text()}] ${token.subject}`))
  const authorization = `Bearer ${await issuer.token()}`
  const answers: [keyof typeof route, Record<string, string>, number, string][] = [
    ['GET', {}, 401, resource.metadataUrl],
    ['GET', { authorization }, 200, 'GET [] per_ada'],
    ['POST', {}, 401, resource.metadataUrl],
    ['POST', { authorization: authorization + 'x' }, 401, 'invalid_token'],
    ['DELETE', { authorization }, 200, 'DELETE [] per_ada'],
    ['OPTIONS', { origin: 'https://app.example', 'access-control-request-method': 'POST' }, 204, 'https://app.example'],
    ['OPTIONS', { origin: 'https://evil.example', 'access-control-request-method': 'POST' }, 403, 'origin'],
  ]
  for (const [method, headers, status, says] of answers) {
    const answer = await route[method](asNext(new Request(resourceURL, { method, headers, ...(method === 'DELETE' ? { body: 'x' } : {}) })))
    const said = [await answer.text(), answer.headers.get('WWW-Authenticate'), answer.headers.get('Access-Control-Allow-Origin')].join()
    assert.equal(answer.status, status, method)
    assert.ok(said.includes(says), `${method} said ${said}`)
  }
})

test('tools find who calls in the request of a route', async () => {
  const issuer = await TestIssuer.create()
  const resource = createResourceAt(issuer.config(), issuer.clock)
  let seen: unknown
  const { GET } = protect(resource, (request) => ((seen = [tokenOf(request)?.subject, authInfo(request)?.clientId]), new Response()))
  await GET(asNext(new Request(resourceURL, { headers: { authorization: `Bearer ${await issuer.token()}` } })))
  assert.deepEqual(seen, ['per_ada', 'cli_1'])
})

test('an error of the handler is its own, and a stream of it ends when the client leaves', async () => {
  const issuer = await TestIssuer.create()
  const resource = createResourceAt(issuer.config(), issuer.clock)
  const thrown = new Error('of the handler')
  const leaving = new AbortController()
  const asked = async () => asNext(new Request(resourceURL, { headers: { authorization: `Bearer ${await issuer.token()}` }, signal: leaving.signal }))
  await assert.rejects(protect(resource, () => Promise.reject(thrown)).GET(await asked()), thrown)
  let signal: AbortSignal | undefined
  const { GET } = protect(resource, (request) => ((signal = request.signal), new Response(new ReadableStream())))
  await GET(await asked())
  assert.equal(signal?.aborted, false)
  leaving.abort()
  assert.equal(signal?.aborted, true)
})

test('the metadata is at its own path', async () => {
  const resource = createResource((await TestIssuer.create()).config())
  const route = metadata(resource)
  assert.deepEqual(await (await route.GET(asNext(new Request(resource.metadataUrl)))).json(), resource.metadata)
  assert.equal((await route.HEAD(asNext(new Request(resource.metadataUrl, { method: 'HEAD' })))).status, 200)
  assert.equal((await route.OPTIONS(asNext(new Request(resource.metadataUrl, { method: 'OPTIONS' })))).status, 204)
  assert.equal((await route.GET(asNext(new Request('https://mcp.example.com/.well-known/oauth-protected-resource/other')))).status, 404)
})

test('a resource that is made at the first request is made once', async () => {
  const issuer = await TestIssuer.create()
  let made = 0
  const later = () => {
    made++
    return createResourceAt(issuer.config(), issuer.clock)
  }
  const route = protect(later, (_request, token) => new Response(token.subject))
  const about = metadata(later)
  assert.equal(made, 0)
  const headers = { authorization: `Bearer ${await issuer.token()}` }
  for (let call = 0; call < 2; call++) {
    assert.equal(await (await route.GET(asNext(new Request(resourceURL, { headers })))).text(), 'per_ada')
    assert.equal((await about.GET(new Request(createResourceAt(issuer.config(), issuer.clock).metadataUrl))).status, 200)
  }
  assert.equal(made, 2)
})

test('what cannot be made is said at the request', async () => {
  const route = protect(() => createResource({ resource: resourceURL, issuer: undefined as never }), () => new Response())
  await assert.rejects(route.GET(new Request(resourceURL)), /issuer: is not set/)
})

test('a handler that checks once more may set who calls, as withMcpAuth of mcp-handler does', async () => {
  const issuer = await TestIssuer.create()
  const { GET } = protect(createResourceAt(issuer.config(), issuer.clock), (request) => {
    const its = request as Omit<typeof request, 'auth'> & { auth: unknown }
    its.auth = { clientId: 'another' }
    return new Response(JSON.stringify(its.auth))
  })
  const answer = await GET(asNext(new Request(resourceURL, { headers: { authorization: `Bearer ${await issuer.token()}` } })))
  assert.equal(await answer.text(), '{"clientId":"another"}')
})
