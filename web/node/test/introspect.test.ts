import assert from 'node:assert/strict'
import { test } from 'node:test'

import { OAuthError } from '../src/errors.js'
import { createResourceAt } from '../src/resource.js'
import { issuerURL, TestIssuer } from './issuer.js'

async function setup(every?: number) {
  const issuer = await TestIssuer.create()
  const introspection = { clientId: 'res 1', clientSecret: 's:cret', ...(every === undefined ? {} : { every }) }
  const resource = createResourceAt(issuer.config({ introspection }), issuer.clock)
  const verify = async (raw: string) => {
    try {
      return (await resource.verify(raw)).subject
    } catch (err) {
      return err instanceof OAuthError ? err.code : String(err)
    }
  }
  const questions = () => issuer.asked.filter((url) => url === `${issuerURL}/introspect`).length
  return { issuer, verify, questions }
}

test('an answer holds for 10 s, then a revoked token is refused for good', async () => {
  const { issuer, verify, questions } = await setup()
  const raw = await issuer.token()
  assert.equal(await verify(raw), 'per_ada')
  issuer.active = false
  issuer.now += 9999
  assert.equal(await verify(raw), 'per_ada')
  assert.equal(questions(), 1)
  issuer.now += 1
  assert.equal(await verify(raw), 'invalid_token')
  issuer.active = true
  issuer.now += 60_000
  assert.equal(await verify(raw), 'invalid_token')
  assert.equal(questions(), 2)
})

test('every says how long an answer holds', async () => {
  const { issuer, verify, questions } = await setup(30)
  const raw = await issuer.token()
  await verify(raw)
  issuer.now += 29_999
  await verify(raw)
  assert.equal(questions(), 1)
  issuer.now += 1
  await verify(raw)
  assert.equal(questions(), 2)
})

test('an issuer that does not answer: refused, not let through, and asked again', async () => {
  const { issuer, verify } = await setup()
  const raw = await issuer.token()
  assert.equal(await verify(raw), 'per_ada')
  issuer.down = true
  issuer.now += 10_000
  assert.equal(await verify(raw), 'temporarily_unavailable')
  issuer.down = false
  assert.equal(await verify(raw), 'per_ada')
})

test('many callers with one token ask once', async () => {
  const { issuer, verify, questions } = await setup()
  const raw = await issuer.token()
  assert.equal(await verify(raw), 'per_ada')
  issuer.now += 10_000
  assert.deepEqual(new Set(await Promise.all(Array.from({ length: 50 }, () => verify(raw)))), new Set(['per_ada']))
  assert.equal(questions(), 2)
})

test('64 questions are out at one time, the others wait their turn', async () => {
  const { issuer, verify, questions } = await setup()
  await verify(await issuer.token())
  const tokens = await Promise.all(Array.from({ length: 100 }, (_, i) => issuer.token({ jti: String(i) })))
  const before = questions()
  let answer = () => {}
  issuer.waits = new Promise((resolve) => (answer = resolve))
  const all = Promise.all(tokens.map(verify))
  while (questions() - before < 64) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(questions() - before, 64)
  answer()
  assert.deepEqual(new Set(await all), new Set(['per_ada']))
  assert.equal(questions() - before, 100)
})
