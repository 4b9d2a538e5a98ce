import assert from 'node:assert/strict'
import { test } from 'node:test'

import { OAuthError } from '../src/errors.js'
import { createResourceAt } from '../src/resource.js'
import { issuerURL, TestIssuer } from './issuer.js'

const minute = 60_000
const jwks = `${issuerURL}/jwks`

async function setup() {
  const issuer = await TestIssuer.create()
  const resource = createResourceAt(issuer.config(), issuer.clock)
  const verify = async (raw: string) => {
    try {
      return (await resource.verify(raw)).subject
    } catch (err) {
      return err instanceof OAuthError ? err.code : String(err)
    }
  }
  const readings = () => issuer.asked.filter((url) => url === jwks).length
  return { issuer, verify, readings }
}

test('any number of requests cause one reading of the keys', async () => {
  const { issuer, verify, readings } = await setup()
  const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => issuer.token({ jti: String(i) })))
  assert.deepEqual(new Set(await Promise.all(tokens.map(verify))), new Set(['per_ada']))
  assert.equal(readings(), 1)
})

test('a new key is found at its first token; what names an unknown key asks at most every 30 s', async () => {
  const { issuer, verify, readings } = await setup()
  assert.equal(await verify(await issuer.token()), 'per_ada')
  await issuer.addKey('k2')
  issuer.now += 30_000
  assert.equal(await verify(await issuer.token({}, 'k2')), 'per_ada')
  const before = readings()
  await issuer.addKey('k3')
  for (let i = 0; i < 5; i++) {
    assert.equal(await verify(await issuer.token({ jti: String(i) }, 'k3')), 'invalid_token')
  }
  assert.equal(readings(), before)
})

test('a token dies with the key that proved it, though it was known', async () => {
  const { issuer, verify } = await setup()
  await issuer.addKey('k2')
  const raw = await issuer.token({ exp: issuer.now / 1000 + 7200 })
  assert.equal(await verify(raw), 'per_ada')
  issuer.published = issuer.published.filter(({ kid }) => kid !== 'k1')
  issuer.now += 5 * minute // read again beside this request, which the old keys serve
  assert.equal(await verify(raw), 'per_ada')
  await new Promise((resolve) => setImmediate(resolve))
  issuer.now += 30_000
  assert.equal(await verify(raw), 'invalid_token')
})

test('known keys live on for an hour without the issuer, and no longer', async () => {
  const { issuer, verify } = await setup()
  const raw = await issuer.token({ exp: issuer.now / 1000 + 7200 })
  assert.equal(await verify(raw), 'per_ada')
  issuer.down = true
  issuer.now += 59 * minute
  assert.equal(await verify(raw), 'per_ada')
  assert.equal(await verify(await issuer.token()), 'per_ada')
  issuer.now += minute
  assert.equal(await verify(raw), 'temporarily_unavailable')
  issuer.down = false
  issuer.now += 2000
  assert.equal(await verify(raw), 'per_ada')
})

test('an issuer that was never reached is asked again after 2 s', async () => {
  const { issuer, verify, readings } = await setup()
  const raw = await issuer.token()
  issuer.down = true
  assert.equal(await verify(raw), 'temporarily_unavailable')
  issuer.down = false
  assert.equal(await verify(raw), 'temporarily_unavailable')
  issuer.now += 2000
  assert.equal(await verify(raw), 'per_ada')
  assert.equal(readings(), 1)
})

test('a reading that was given up with its request holds nobody back', async () => {
  const { issuer, verify } = await setup()
  const raw = await issuer.token()
  let answer = () => {}
  issuer.waits = new Promise((resolve) => (answer = resolve))
  const stuck = verify(raw)
  issuer.now += 6000
  issuer.waits = Promise.resolve()
  assert.equal(await verify(raw), 'per_ada')
  answer()
  assert.equal(await stuck, 'per_ada')
})

test('an expired token that is known is refused', async () => {
  const { issuer, verify } = await setup()
  const raw = await issuer.token({ exp: issuer.now / 1000 + 10 })
  issuer.now += 40_000
  assert.equal(await verify(raw), 'per_ada') // 30 s for clocks that differ
  issuer.now += 1
  assert.equal(await verify(raw), 'invalid_token')
})

test('the cache of verified tokens is bounded, and what is dropped is proven again', async () => {
  const { issuer, verify } = await setup()
  const { TokenCache } = await import('../src/cache.js')
  const cache = new TokenCache()
  const entry = (expires: number) => ({ token: { expires } as never, key: undefined, asked: 0, over: false, asking: undefined })
  const isOver = (token: { expires: number }) => token.expires === 0
  for (let i = 0; i < 8192; i++) {
    cache.put(String(i), entry(i === 3 ? 0 : 1), isOver)
  }
  cache.put('new', entry(1), isOver)
  assert.equal(cache.get('3'), undefined) // it had expired
  assert.ok(cache.get('0'))
  cache.put('newer', entry(1), isOver)
  assert.equal(cache.get('0'), undefined) // none had: the oldest
  assert.ok(cache.get('1') && cache.get('new') && cache.get('newer'))
  assert.equal(await verify(await issuer.token()), 'per_ada')
})
