import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import { runVector, type VectorFile } from './vectors.js'

const folder = new URL('../../../../conformance/vectors/', import.meta.url)

let count = 0
for (const name of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  const file = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as VectorFile
  describe(name, () => {
    for (const vector of file.cases) {
      count++
      test(vector.name, async () => {
        assert.deepEqual(await runVector(file, vector), [])
      })
    }
  })
}

test('there are enough vectors', () => {
  assert.ok(count >= 300, `there are ${count} vectors, want 300 or more`)
})
