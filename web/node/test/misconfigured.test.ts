// What somebody who protects a server for the first time gets wrong, and what they are told.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { createResource, type ResourceConfig } from '../src/index.js'
import { createResourceAt } from '../src/resource.js'
import { issuerURL, resourceURL, TestIssuer } from './issuer.js'

const plain = "must be an object of lists by name, such as { create_item: ['todo.write'] }"

const settings: [string, object, string][] = [
  ['a variable that is not set', { issuer: undefined }, 'issuer: is not set'],
  ['a variable that is empty', { resource: '' }, 'resource: is not set'],
  ['an issuer that is a URL object, which puts a slash at the end', { issuer: new URL(issuerURL) }, `issuer ${JSON.stringify(issuerURL)}: must be a string`],
  ['a rule under a misspelt name', { tool: { create_item: ['todo.write'] } }, 'tool: there is no such setting'],
  ['scopes as RFC 6749 has them on the wire', { scopes: 'todo.read todo.write' }, 'scopes "todo.read todo.write": must be a list: ["todo.read","todo.write"]'],
  ['a scope of a tool without its list', { tools: { create_item: 'todo.write' } }, 'tools["create_item"] "todo.write": must be a list: ["todo.write"]'],
  ['a scope of a prompt without its list', { prompts: { plan: 'todo.write' } }, 'prompts["plan"] "todo.write": must be a list: ["todo.write"]'],
  ['a scope of resources without its list', { resources: { 'todo://*': 'todo.read' } }, 'resources["todo://*"] "todo.read": must be a list: ["todo.read"]'],
  ['what a scope implies without its list', { implies: { 'todo.write': 'todo.read' } }, 'implies["todo.write"] "todo.read": must be a list: ["todo.read"]'],
  ['scopes as a Set', { scopes: new Set(['todo.read']) }, 'scopes {}: must be a list'],
  ['tools as a Map, of which nobody sees the entries', { tools: new Map([['create_item', ['todo.write']]]) }, `tools: ${plain}`],
  ['tools without their scopes', { tools: ['create_item'] }, `tools: ${plain}`],
  ['one tool without its scopes', { tools: 'create_item' }, `tools: ${plain}`],
  ['something else among the scopes', { scopes: [['todo.read']] }, 'scopes: ["todo.read"] is no string'],
  ['one origin without its list', { allowedOrigins: '*' }, 'allowedOrigins "*": must be a list: ["*"]'],
  ['a secret that is not set', { introspection: { clientId: 'res' } }, 'introspection: needs clientId and clientSecret'],
  ['introspection as a pair', { introspection: ['res', 's'] }, 'introspection: must be { clientId, clientSecret }'],
  ['seconds as text', { introspection: { clientId: 'res', clientSecret: 's', every: '10' } }, 'introspection.every: must be more than 0 and at most 30 s'],
  ['a session key as text', { sessionKey: 's'.repeat(32) }, 'sessionKey: must be bytes, such as new TextEncoder().encode(text)'],
  ['a size as text', { maxBody: '4mb' }, 'maxBody: must be more than 0'],
]

for (const [name, more, want] of settings) {
  test(`at the start: ${name}`, () => {
    assert.throws(() => createResource({ resource: resourceURL, issuer: issuerURL, ...more } as ResourceConfig), new TypeError(`authwright: ${want}`))
  })
}

/** said is what a server says on the console about one call with a good token. */
async function said(t: TestContext, change: (issuer: TestIssuer) => Partial<ResourceConfig>, before?: (request: Request) => unknown): Promise<unknown[][]> {
  const issuer = await TestIssuer.create()
  const token = await issuer.token()
  const { log: _, ...config } = { ...issuer.config(), ...change(issuer) }
  const warn = t.mock.method(console, 'warn', () => undefined)
  const handler = createResourceAt(config, issuer.clock).protect(() => new Response())
  const request = new Request(resourceURL, { method: 'POST', headers: { Authorization: `Bearer ${token}` }, body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' })
  await before?.(request)
  await handler(request)
  return warn.mock.calls.map((call) => call.arguments as unknown[])
}

const both = (why: string) => [[`authwright: the keys of the issuer cannot be read: ${why}`], [`authwright: a token cannot be checked: ${why}`]]
const place = 'https://issuer.example/.well-known/oauth-authorization-server/t1'

test('in the log: an issuer with a slash too many', async (t) => {
  const why = `metadata at ${place} is of issuer "${issuerURL}", not of ${issuerURL}/`
  assert.deepEqual(await said(t, () => ({ issuer: `${issuerURL}/` })), both(why))
})

test('in the log: an issuer that cannot be reached', async (t) => {
  const refuse = () => Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }) }))
  assert.deepEqual(await said(t, () => ({ fetch: refuse })), both(`asking ${place}: fetch failed: ECONNREFUSED`))
})

test('in the log: a secret that the issuer does not take', async (t) => {
  const lines = await said(t, (issuer) => ({
    introspection: { clientId: 'res', clientSecret: 'wrong' },
    fetch: (url, init) => (url.endsWith('/introspect') ? Promise.resolve(new Response(null, { status: 401 })) : issuer.fetch(url, init)),
  }))
  assert.deepEqual(lines, [[`authwright: a token cannot be checked: asking ${issuerURL}/introspect: status 401`]])
})

test('in the log: a body that was read before the check, and the place', async (t) => {
  const [[message, details] = []] = await said(t, () => ({}), (request) => request.text())
  assert.equal(message, 'authwright: a request failed')
  assert.match((details as { error: Error }).error.stack ?? '', /the body was read before.*\n +at /)
})
