// What a Worker exports: the check before its handler, who calls for an McpAgent, and what it says when it is misconfigured.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createResource, type Resource } from '../src/index.js'
import { createResourceAt } from '../src/resource.js'
import { protect, withProps } from '../src/workers.js'
import { resourceURL, TestIssuer } from './issuer.js'

const context = () => ({ waitUntil: () => undefined, passThroughOnException: () => undefined })

test('an McpAgent finds in props who calls, and what others left in the context stays', async () => {
  const issuer = await TestIssuer.create()
  const agent = { fetch: (_request: Request, _env: object, ctx: object) => Response.json(ctx) }
  const worker = protect(
    () => createResourceAt(issuer.config(), issuer.clock),
    withProps(agent, ({ subject, clientId, orgId }) => ({ subject, clientId, orgId })),
  )
  const request = new Request(resourceURL, { headers: { Authorization: `Bearer ${await issuer.token()}` } })
  const answer = await worker.fetch(request, {}, { ...context(), other: 1, props: { subject: 'nobody' } })
  assert.deepEqual(await answer.json(), { other: 1, props: { subject: 'per_ada', clientId: 'cli_1' } })
})

test('the resource is made once for each env', async (t) => {
  const make = t.mock.fn((env: { ISSUER: string }) => createResource({ resource: resourceURL, issuer: env.ISSUER }))
  const worker = protect(make, () => new Response())
  const envs = ['https://one.example', 'https://two.example'].map((ISSUER) => ({ ISSUER }))
  for (const env of [...envs, ...envs]) {
    const answer = await worker.fetch(new Request('https://mcp.example.com/.well-known/oauth-protected-resource/mcp'), env, context())
    assert.deepEqual(((await answer.json()) as { authorization_servers: string[] }).authorization_servers, [env.ISSUER])
  }
  assert.equal(make.mock.callCount(), 2)
})

const broken = new Error('a mistake')
const mistakes: [string, () => Resource, unknown][] = [
  ['a variable that is not set', () => createResource({ resource: resourceURL, issuer: '' }), 'authwright: issuer: is not set'],
  ['what is no Resource', () => ({}) as Resource, /^authwright: a Resource comes from createResource/],
  ['a mistake of the program', () => { throw broken }, broken],
]

for (const [name, make, want] of mistakes) {
  test(`misconfigured: ${name} is told in the log, once, and nobody comes in`, async (t) => {
    const log = t.mock.method(console, 'error', () => undefined)
    const open = t.mock.fn(() => new Response('open'))
    const worker = protect(make, open, open)
    const env = {}
    for (const path of ['/mcp', '/mcp', '/elsewhere']) {
      const answer = await worker.fetch(new Request(new URL(path, resourceURL)), env, context())
      assert.deepEqual([answer.status, await answer.text()], [500, 'misconfigured: see the log\n'])
    }
    const said = log.mock.calls.map((call) => call.arguments[0] as unknown)
    assert.equal(said.length, 1)
    if (want instanceof RegExp) {
      assert.match(String(said[0]), want)
    } else {
      assert.equal(said[0], want)
    }
    assert.equal(open.mock.callCount(), 0)
  })
}

test('a handler that is none, and a Resource in place of what makes it, are told at the start', () => {
  const resource = createResource({ resource: resourceURL, issuer: 'https://issuer.example' })
  assert.throws(() => protect(() => resource, { fetch: () => new Response() } as never), /withAuthInfo/)
  assert.throws(() => protect(resource as never, () => new Response()), /a function that makes the Resource/)
})
