// fuzz.test.ts: whatever strangers send, the answer is one of ours, and a token that was changed is none. The same inputs
// each time; with AUTHWRIGHT_FUZZ=20000 so many others, and the seed is told when one fails.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'

import fc from 'fast-check'

import { parseCall } from '../src/call.js'
import { CallError, NoToken, OAuthError } from '../src/errors.js'
import { bearerToken } from '../src/incoming.js'
import { originAllowed } from '../src/origin.js'
import { createResourceAt, type Resource } from '../src/resource.js'
import { issuerURL, resourceURL, TestIssuer } from './issuer.js'

const longer = process.env['AUTHWRIGHT_FUZZ']
const settings = longer === undefined ? { numRuns: 150, seed: 9068 } : { numRuns: Number(longer) }

let issuer: TestIssuer
let resource: Resource
let good: string
before(async () => {
  issuer = await TestIssuer.create()
  resource = createResourceAt(issuer.config(), issuer.clock)
  good = await issuer.token()
})

async function holds<T extends [unknown, ...unknown[]]>(arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> }, property: (...values: T) => Promise<void> | void): Promise<void> {
  await fc.assert(fc.asyncProperty(...arbitraries, async (...values: T) => property(...values)), settings)
}

/** base64url is what the segments of a token are written in. */
const base64url = (text: string) => Buffer.from(text).toString('base64url')

/** nearJSON is JSON with mistakes that readers take differently: members twice, other letters, cut off, nested, not JSON. */
const word = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('iss', 'aud', 'Alg', 'kid', '__proto__', 'constructor', 'method', 'params', 'name', 'id', '\ud800', '\0'))
const scalar = fc.oneof(fc.constantFrom('null', 'true', 'false', '1e400', '-0', '1.8e9', 'NaN', '01', '"\\ud800"', '9'.repeat(400)), fc.integer().map(String), word.map((text) => JSON.stringify(text)))
const { value: nearJSON } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, scalar, tie('object'), tie('array')),
  object: fc.array(fc.tuple(word, tie('value')), { maxLength: 4 }).map((members) => `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join()}}`),
  array: fc.array(tie('value'), { maxLength: 4 }).map((values) => `[${values.join()}]`),
}))
const nested = fc.tuple(fc.constantFrom('[', '{"a":'), fc.nat(5000)).map(([open, depth]) => open.repeat(depth) + '1' + (open === '[' ? ']' : '}').repeat(depth))
const document = fc.oneof(nearJSON, nested, fc.string({ unit: 'binary' }), fc.tuple(nearJSON, fc.nat(20)).map(([text, cut]) => text.slice(0, -cut)))

/** edited is a text in which something was replaced, put in, taken out or moved. */
const edit = fc.record({ at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), take: fc.nat(3), put: fc.oneof(fc.constant(''), fc.string({ maxLength: 3 }), fc.constantFrom('.', '=', 'A', '-', '_', '\n', 'é')) })
function edited(text: string, edits: readonly { at: number; take: number; put: string }[]): string {
  return edits.reduce((now, { at, take, put }) => {
    const start = Math.floor(at * now.length)
    return now.slice(0, start) + put + now.slice(start + take)
  }, text)
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return ''
  } catch (err) {
    assert.ok(err instanceof OAuthError, `it threw ${String(err)}`)
    return err.code
  }
}

describe('a token', () => {
  test('of any text is refused', () => holds([fc.string({ unit: 'binary', size: 'large' })], async (raw) => assert.equal(await refusal(resource.verify(raw)), 'invalid_token')))

  test('of any three segments is refused', () =>
    holds([document, document, fc.string()], async (header, claims, signature) => {
      assert.equal(await refusal(resource.verify([header, claims, signature].map(base64url).join('.'))), 'invalid_token')
    }))

  test('whose header is ours, and nothing else, is refused', () =>
    holds([document, fc.uint8Array({ minLength: 60, maxLength: 68 })], async (claims, signature) => {
      const raw = `${good.split('.')[0]}.${base64url(claims)}.${Buffer.from(signature).toString('base64url')}`
      assert.equal(await refusal(resource.verify(raw)), 'invalid_token')
    }))

  test('that was changed is refused', () =>
    holds([fc.array(edit, { minLength: 1, maxLength: 4 })], async (edits) => {
      const raw = edited(good, edits)
      assert.equal(await refusal(resource.verify(raw)), raw === good ? '' : 'invalid_token')
    }))

  test('that the issuer signed says who acts, or is refused', () =>
    holds([fc.dictionary(fc.constantFrom('iss', 'aud', 'sub', 'client_id', 'iat', 'exp', 'nbf', 'scope', 'org_id', 'jti', 'cnf', 'x'), fc.jsonValue())], async (claims) => {
      const raw = await issuer.token(claims)
      const code = await refusal(resource.verify(raw))
      if (code === '') {
        const token = await resource.verify(raw)
        assert.deepEqual([token.issuer, token.audience.includes(resourceURL), token.subject !== '', token.clientId !== ''], [issuerURL, true, true, true])
        return
      }
      assert.equal(code, 'invalid_token')
    }))
})

describe('what an issuer publishes', () => {
  const asked = (at: string, text: string) => ({ fetch: (url: string, init: RequestInit) => (url === at ? Promise.resolve(new Response(text)) : issuer.fetch(url, init)) })
  const places: [string, string][] = [
    ['metadata', 'https://issuer.example/.well-known/oauth-authorization-server/t1'],
    ['keys', `${issuerURL}/jwks`],
  ]
  for (const [name, at] of places) {
    test(`as its ${name}, whatever it is, lets nobody in or who has a token`, () =>
      holds([fc.oneof(document, fc.array(edit, { maxLength: 3 }))], async (given) => {
        const real = await (await issuer.fetch(at, {})).text()
        const odd = createResourceAt(issuer.config(asked(at, typeof given === 'string' ? given : edited(real, given))), issuer.clock)
        assert.ok(['', 'invalid_token', 'temporarily_unavailable'].includes(await refusal(odd.verify(good))))
        assert.ok(['invalid_token', 'temporarily_unavailable'].includes(await refusal(odd.verify(good.slice(0, -4) + 'AAAA'))))
      }))
  }

  test('as keys of odd members lets nobody in who has no token', () =>
    holds([fc.array(fc.dictionary(fc.constantFrom('kty', 'kid', 'use', 'alg', 'crv', 'x', 'y', 'n', 'e', 'k'), fc.oneof(fc.jsonValue(), fc.constantFrom('EC', 'RSA', 'OKP', 'oct', 'P-256', 'k1', 'AQAB'))))], async (keys) => {
      const odd = createResourceAt(issuer.config(asked(`${issuerURL}/jwks`, JSON.stringify({ keys }))), issuer.clock)
      assert.ok(['invalid_token', 'temporarily_unavailable'].includes(await refusal(odd.verify(good))))
    }))

  const answer = fc.oneof(
    document,
    fc.dictionary(fc.constantFrom('active', 'Active', 'iss', 'aud', 'sub', 'client_id', 'iat', 'exp', 'scope'), fc.oneof(fc.jsonValue(), fc.constantFrom(true, issuerURL, resourceURL, 1_799_999_999, 1_800_000_600))).map((members) => JSON.stringify(members)),
  )
  test('as its word about a token is believed only when it is whole', () =>
    holds([answer], async (text) => {
      const introspection = { clientId: 'res 1', clientSecret: 's:cret', alone: true }
      const odd = createResourceAt(issuer.config({ introspection, ...asked(`${issuerURL}/introspect`, text) }), issuer.clock)
      const code = await refusal(odd.verify('opaque'))
      assert.ok(['', 'invalid_token', 'temporarily_unavailable'].includes(code))
      if (code === '') {
        const { active, iss, aud } = JSON.parse(text) as Record<string, unknown>
        assert.deepEqual([active, iss, [aud].flat().includes(resourceURL)], [true, issuerURL, true])
      }
    }))
})

describe('a request', () => {
  test('with any Authorization header has a token, or not', () =>
    holds([fc.array(fc.oneof(fc.string(), fc.string().map((text) => `Bearer ${text}`), fc.stringMatching(/^[Bb]earer +[\w.~+/-]*=*$/)), { maxLength: 2 })], (values) => {
      try {
        const token = bearerToken({ method: 'POST', headers: () => values, body: () => Promise.resolve(undefined) })
        assert.match(token, /^[A-Za-z0-9\-._~+/]+=*$/)
        assert.equal(values.length, 1)
      } catch (err) {
        assert.ok(err instanceof NoToken || (err instanceof OAuthError && err.code === 'invalid_request'), String(err))
      }
    }))

  const message = fc.tuple(fc.constantFrom('tools/call', 'prompts/get', 'resources/read', 'ping', 'Tools/Call'), nearJSON).map(([method, params]) => `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`)
  const batch = fc.array(message, { maxLength: 3 }).map((messages) => `[${messages.join()}]`)
  const bodies = fc.oneof(fc.uint8Array(), fc.oneof(document, message, batch, fc.tuple(message, fc.array(edit)).map(([text, edits]) => edited(text, edits))).map((text) => new TextEncoder().encode(text)))
  test('of any body is read as every other reader does, or refused in JSON-RPC', () =>
    holds([bodies], (body) => {
      try {
        const { method, name } = parseCall(body)
        const read = JSON.parse(new TextDecoder().decode(body)) as { method?: unknown; params?: { name?: unknown; uri?: unknown } }
        assert.equal(read.method ?? '', method)
        assert.ok(name === '' || [read.params?.name, read.params?.uri].includes(name))
      } catch (err) {
        assert.ok(err instanceof CallError && err.status === 400, String(err))
      }
    }))

  test('that is huge or nested without end is refused', async () => {
    for (const text of ['['.repeat(1 << 20), '{"a":'.repeat(1 << 20), `{"params":${'['.repeat(257)}${']'.repeat(257)}}`, '"'.repeat(1 << 20), `{"id":${'9'.repeat(1 << 20)}}`]) {
      assert.throws(() => parseCall(new TextEncoder().encode(text)), CallError)
    }
    const handler = resource.protect(() => new Response('reached'))
    const sent = await handler(new Request(resourceURL, { method: 'POST', headers: { Authorization: `Bearer ${good}` }, body: ' '.repeat((4 << 20) + 1) }))
    assert.equal(sent.status, 413)
  })

  const origins = ['https://app.example', 'http://localhost:*']
  const origin = fc.oneof(fc.string(), fc.webUrl(), fc.tuple(fc.constantFrom(...origins, 'http://localhost'), fc.oneof(fc.string({ maxLength: 6 }), fc.nat(99999).map((port) => `:${port}`))).map((parts) => parts.join('')))
  test('of any origin comes from where it may, or is refused', () =>
    holds([fc.array(origin, { maxLength: 2 })], (sent) => {
      fc.pre(!sent.includes('http://localhost:*')) // which no browser sends
      const known = /^(https:\/\/app\.example|http:\/\/localhost(:[0-9]{1,5})?)$/
      assert.equal(originAllowed(origins, sent), sent.length === 0 || (sent.length === 1 && known.test(sent[0] ?? '')))
    }))

  test('is answered, whatever its headers and its body are, and none reaches the handler without a token', () => {
    const names = fc.constantFrom('Authorization', 'Origin', 'Mcp-Session-Id', 'Mcp-Method', 'Mcp-Name', 'MCP-Protocol-Version', 'Content-Type', 'Content-Length', 'Content-Encoding')
    const values = fc.oneof(fc.stringMatching(/^[\x20-\x7e]{0,20}$/), fc.constantFrom('https://mcp.example.com', '2026-07-28', '=?base64?dG9vbHM=?=', '=?base64?=?=', 'tools/call', 'TOKEN'))
    return holds([fc.constantFrom('GET', 'POST', 'DELETE', 'OPTIONS', 'PUT'), fc.array(fc.tuple(names, values)), bodies], async (method, headers, body) => {
      let reached = false
      const sent = new Headers()
      headers.forEach(([name, value]) => sent.append(name, value.replace('TOKEN', `Bearer ${good}`)))
      const handler = resource.protect(() => ((reached = true), new Response('reached')))
      const answer = await handler(new Request(resourceURL, { method, headers: sent, ...(method === 'GET' ? {} : { body: body as Uint8Array<ArrayBuffer> }) }))
      assert.ok([200, 204, 400, 401, 403, 404, 413, 415].includes(answer.status), `it was answered with ${answer.status}`)
      assert.ok(!reached || sent.get('Authorization') === `Bearer ${good}`)
      assert.equal(reached, answer.status === 200)
    })
  })
})
