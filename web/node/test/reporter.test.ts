import assert from 'node:assert/strict'
import { test } from 'node:test'

import reporter from './reporter.js'

test('what runs out of time is named', async () => {
  async function* events() {
    const file = '/build/test/x.test.js'
    const named = (type: string, name: string) => ({ type, data: { name, file } })
    yield named('test:dequeue', file)
    yield* [named('test:dequeue', 'a suite'), named('test:dequeue', 'good'), named('test:pass', 'good'), named('test:dequeue', 'stuck')]
    yield { type: 'test:fail', data: { name: file, file, details: { error: { failureType: 'testTimeoutFailure' } } } }
  }
  let said = ''
  for await (const line of reporter(events())) {
    said += line
  }
  assert.equal(said, '\n/build/test/x.test.js > a suite > stuck: not done in time\n')
})
