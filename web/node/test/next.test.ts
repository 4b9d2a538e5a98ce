import assert from 'node:assert/strict'
import { test } from 'node:test'

import { protect } from '../src/next.js'
import { createResourceAt } from '../src/resource.js'
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
