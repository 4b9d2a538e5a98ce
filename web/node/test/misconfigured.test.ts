// What somebody who protects a server for the first time gets wrong, and what they are told.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { createResource, type ResourceConfig } from '../src/index.js'
import { createResourceAt } from '../src/resource.js'
import { issuerURL, resourceURL, TestIssuer } from './issuer.js'

const plain = "must be an object of lists by name, such as { create_item: ['todo.write'] }"
const noKey = 'is not set: a secret of 32 bytes or more, as of openssl rand -base64 32; leave sessionKey out for a random one'

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
  ['a secret that is not set', { introspection: { clientId: 'res', clientSecret: undefined } }, 'introspection.clientSecret: is not set'],
  ['a secret that is empty', { introspection: { clientId: 'res', clientSecret: '' } }, 'introspection.clientSecret: is not set'],
  ['a client that is not set', { introspection: { clientSecret: 's' } }, 'introspection.clientId: is not set'],
  ['a secret as bytes', { introspection: { clientId: 'res', clientSecret: new Uint8Array(1) } }, 'introspection.clientSecret: must be a string'],
  ['introspection as a pair', { introspection: ['res', 's'] }, 'introspection: must be { clientId, clientSecret }'],
  ['seconds as text', { introspection: { clientId: 'res', clientSecret: 's', every: '10' } }, 'introspection.every: must be more than 0 and at most 30 s'],
  ['a session key that is not set', { sessionKey: undefined }, `sessionKey: ${noKey}`],
  ['a session key that is empty', { sessionKey: '' }, `sessionKey: ${noKey}`],
  ['a short session key', { sessionKey: 's'.repeat(31) }, 'sessionKey: has 31 bytes, it needs 32 or more'],
  ['a short session key in bytes', { sessionKey: new Uint8Array(31) }, 'sessionKey: has 31 bytes, it needs 32 or more'],
  ['a session key as numbers', { sessionKey: Array.from({ length: 32 }, () => 7) }, 'sessionKey: must be a string or a Uint8Array'],
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
  const why = `${place} is of issuer "${issuerURL}", the configuration says "${issuerURL}/": if it is the one you mean, write issuer as "${issuerURL}"`
  assert.deepEqual(await said(t, () => ({ issuer: `${issuerURL}/` })), both(why))
})

test('in the log: an issuer with a long name', async (t) => {
  const [[line] = []] = await said(t, () => ({ fetch: () => Promise.resolve(Response.json({ issuer: 'a'.repeat(1000) })) }))
  assert.ok(String(line).includes(`is of issuer "${'a'.repeat(200)}", the configuration says`), String(line))
})

for (const [name, issuer, host, perhaps] of [
  ['another name for this machine', 'http://localhost:8080', 'localhost:8080', ', perhaps with 127.0.0.1 for localhost'],
  ['its number for its name', 'http://127.0.0.1:8080', '127.0.0.1:8080', ', perhaps with localhost for 127.0.0.1'],
  ['an old name of the issuer', 'https://old.example', 'old.example', ''],
] as const) {
  test(`in the log: ${name}`, async (t) => {
    const misdirected = () => Promise.resolve(new Response(null, { status: 421 }))
    const where = `${issuer}/.well-known/oauth-authorization-server`
    const want = `asking ${where}: status 421: it does not go by the name ${host}: write issuer as it calls itself${perhaps}`
    assert.deepEqual(await said(t, () => ({ issuer, fetch: misdirected })), both(want))
  })
}

const asking = { clientId: 'res 1', clientSecret: 's:cret', alone: true }

for (const [name, more, looks] of [
  ['a signature is checked', {}, 1],
  ['the keys are named', { jwksUri: `${issuerURL}/jwks` }, 0],
  ['the issuer is asked', { introspection: asking }, 1],
  ['the issuer is asked alone, where it is named', { introspection: { ...asking, endpoint: `${issuerURL}/introspect` } }, 0],
] as const) {
  test(`who comes without a token has the issuer looked at: ${name}`, async (t) => {
    const issuer = await TestIssuer.create()
    const log = t.mock.fn<NonNullable<ResourceConfig['log']>>()
    const handler = createResourceAt(issuer.config({ ...more, log }), issuer.clock).protect(() => new Response())
    for (let n = 0; n < 3; n++) {
      assert.equal((await handler(new Request(resourceURL))).status, 401)
      await new Promise(setImmediate)
    }
    assert.equal(issuer.asked.filter((url) => url === place).length, looks)
    assert.equal(log.mock.callCount(), 0)
  })
}

test('in the log, before anybody has logged in: a wrong issuer, once', async (t) => {
  const issuer = await TestIssuer.create()
  const log = t.mock.fn<NonNullable<ResourceConfig['log']>>()
  const handler = createResourceAt(issuer.config({ issuer: `${issuerURL}/`, log }), issuer.clock).protect(() => new Response())
  for (let n = 0; n < 3 || log.mock.callCount() === 0; n++) {
    assert.equal((await handler(new Request(resourceURL))).status, 401)
    await new Promise(setImmediate)
  }
  assert.deepEqual(log.mock.calls.map(({ arguments: [message] }) => message), ['the metadata of the issuer cannot be used'])
  assert.match(String(log.mock.calls[0]?.arguments[1]['reason']), /write issuer as "https:\/\/issuer\.example\/t1"$/)
})

for (const [name, tools, names, want] of [
  ['all are there', { add_note: ['w'], '*': ['r'] }, ['add_note', 'read_note'], []],
  ['one is misspelt', { addnote: ['w'] }, ['whoami', 'read_note', 'add_note', 'purge'], [['addnote', 'add_note, read_note, purge']]],
  ['a server within another', { add_note: ['w'] }, ['n_add_note'], [['add_note', 'n_add_note']]],
  ['nobody knows the tools', { addnote: ['w'] }, [], []],
] as const) {
  test(`in the log: rules for tools, and ${name}`, (t) => {
    const warn = t.mock.method(console, 'warn', () => undefined)
    createResource({ resource: resourceURL, issuer: issuerURL, tools }).checkTools(names)
    assert.deepEqual(
      warn.mock.calls.map((call) => call.arguments as unknown[]),
      want.map(([rule, near]) => [`authwright: tools["${rule}"] protects nothing: the server has no tool of that name; the nearest are ${near}`]),
    )
  })
}

test('in the log: an issuer that cannot be reached', async (t) => {
  const refuse = () => Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }) }))
  assert.deepEqual(await said(t, () => ({ fetch: refuse })), both(`asking ${place}: fetch failed: ECONNREFUSED`))
})

test('in the log: a secret that the issuer does not take', async (t) => {
  const lines = await said(t, (issuer) => ({
    introspection: { clientId: 'res', clientSecret: 'wrong' },
    fetch: (url, init) => (url.endsWith('/introspect') ? Promise.resolve(new Response(null, { status: 401 })) : issuer.fetch(url, init)),
  }))
  assert.deepEqual(lines, [[`authwright: a token cannot be checked: asking ${issuerURL}/introspect: status 401: the clientId or the clientSecret of introspection is not accepted`]])
})

test('in the log: a body that was read before the check, and the place', async (t) => {
  const [[message, details] = []] = await said(t, () => ({}), (request) => request.text())
  assert.equal(message, 'authwright: a request failed')
  assert.match((details as { error: Error }).error.stack ?? '', /the body was read before.*\n +at /)
})

test('in the log: a page that may not call, once a minute, and never many', async (t) => {
  const issuer = await TestIssuer.create()
  const { log: _, ...config } = issuer.config({ allowedOrigins: ['https://app.example'] })
  const warn = t.mock.method(console, 'warn', () => undefined)
  const handler = createResourceAt(config, issuer.clock).protect(() => new Response())
  const from = async (origin: string) => assert.equal((await handler(new Request(resourceURL, { headers: { Origin: origin } }))).status, 403)
  const line = (origin: string) => `authwright: a request from another origin was refused: ${origin}: if its pages may call this server, name it in allowedOrigins`
  const lines = () => warn.mock.calls.map((call) => String(call.arguments[0]))

  await from('http://localhost:5173')
  await from('http://localhost:5173')
  issuer.now += 59_999
  await from('http://localhost:5173')
  assert.deepEqual(lines(), [line('"http://localhost:5173"')])
  issuer.now += 1
  await from('http://localhost:5173')
  await from('https://\u00e9vil.example"\t')
  await from(`https://${'a'.repeat(1000)}`)
  assert.deepEqual(lines().slice(1), [line('"http://localhost:5173"'), line('"https://?vil.example\\""'), line(`"https://${'a'.repeat(192)}"`)])
  for (let n = 0; n < 100; n++) {
    await from(`https://p${n}.example`)
  }
  assert.equal(lines().length, 4 + 13)
})
