// reporter.ts says what the dots do not: what a test prints, and the tests which had begun and not ended when their file
// ran out of time. Node 20 names the file only.

interface Event {
  type: string
  data: { name: string; file?: string; message?: string; details?: { error?: { failureType?: string } } }
}

export default async function* reporter(events: AsyncIterable<Event>): AsyncGenerator<string> {
  const begun = new Map<string, Set<string>>() // by file
  for await (const { type, data } of events) {
    const { name, file = '', message = '' } = data
    const isFile = name?.endsWith('.test.js')
    if (type === 'test:stdout') {
      yield message
    } else if (type === 'test:dequeue' && !isFile) {
      begun.set(file, (begun.get(file) ?? new Set()).add(name))
    } else if (type === 'test:pass' || type === 'test:fail') {
      begun.get(file)?.delete(name)
    }
    if (type === 'test:fail' && isFile && data.details?.error?.failureType === 'testTimeoutFailure') {
      const tests = begun.get(file) ?? []
      begun.delete(file)
      yield `\n${[file, ...tests].join(' > ')}: not done in time\n`
    }
  }
}
