// verify.mjs measures what the check of a token costs in Node: known, and never seen before. It needs web/node built.
import { exportJWK, generateKeyPair, SignJWT } from '../../web/node/node_modules/jose/dist/webapi/index.js'
import { createResource } from '../../web/node/dist/index.js'

const issuer = 'https://issuer.example'
const resource = 'https://mcp.example.com/mcp'

async function measure(alg, count) {
  const { privateKey, publicKey } = await generateKeyPair(alg)
  const key = { ...(await exportJWK(publicKey)), kid: 'k', alg, use: 'sig' }
  const guard = createResource({ resource, issuer, jwksUri: `${issuer}/jwks`, fetch: async () => Response.json({ keys: [key] }) })
  const now = Math.floor(Date.now() / 1000)
  const sign = (jti) =>
    new SignJWT({ iss: issuer, aud: resource, sub: 'per_ada', client_id: 'cli_1', iat: now, exp: now + 600, scope: 'todo.read', jti })
      .setProtectedHeader({ alg, typ: 'at+jwt', kid: 'k' })
      .sign(privateKey)
  const tokens = await Promise.all(Array.from({ length: count }, (_, i) => sign(String(i))))
  const timed = async (each) => {
    const began = performance.now()
    await each()
    return performance.now() - began
  }
  for (const token of tokens.slice(0, 200)) {
    await guard.verify(token)
  }
  const fresh = tokens.slice(200)
  const uncached = (await timed(async () => {
    for (const token of fresh) await guard.verify(token)
  })) / fresh.length
  const copies = Array.from({ length: 200_000 }, (_, i) => Buffer.from(tokens[i % 1000]).toString('latin1')) // as they come off the wire
  const cached = (await timed(async () => {
    for (const token of copies) await guard.verify(token)
  })) / copies.length
  const handler = guard.protect(() => new Response('ok'))
  const request = () => new Request(resource, { method: 'POST', headers: { Authorization: `Bearer ${tokens[0]}` }, body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' })
  const requests = Array.from({ length: 5000 }, request)
  const whole = (await timed(async () => {
    for (const one of requests) await handler(one)
  })) / requests.length
  const us = (ms) => (ms * 1000).toFixed(1)
  console.log(`| ${alg} | ${us(uncached)} | ${us(cached)} | ${us(whole)} |`)
}

console.log('| algorithm | new token, µs | known token, µs | whole request through protect, µs |\n| --- | --: | --: | --: |')
for (const alg of ['ES256', 'EdDSA', 'RS256']) {
  await measure(alg, 2200)
}
