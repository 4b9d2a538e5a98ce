// everywhere.ts runs the vectors in whatever serves it: Deno, Bun and workerd all take a module like this one for a server.

import { runVector, type VectorFile } from './vectors.js'

/** Ran is how it went. */
export interface Ran {
  count: number
  wrong: string[]
}

/** runAll decides all cases of all files. */
export async function runAll(files: readonly VectorFile[]): Promise<Ran> {
  const wrong: string[] = []
  let count = 0
  for (const file of files) {
    for (const vector of file.cases) {
      count++
      const why = await runVector(file, vector).catch((err: unknown) => [String(err)])
      wrong.push(...why.map((one) => `${vector.name}: ${one}`))
    }
  }
  return { count, wrong }
}

export default {
  hostname: '127.0.0.1', // Bun reads these two
  port: 0,
  async fetch(request: Request): Promise<Response> {
    const ran = await runAll((await request.json()) as VectorFile[])
    return Response.json({ ...ran, runtime: navigator.userAgent })
  },
}
