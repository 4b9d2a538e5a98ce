// runtimes.test.ts runs the vectors on Deno, Bun and workerd, the runtime of Cloudflare Workers: the package is said to
// run there without change. Deno and Bun are given the built modules, workerd a bundle of them, as a Worker is.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { runAll, type Ran } from './everywhere.js'
import type { VectorFile } from './vectors.js'

const folder = new URL('../../../../conformance/vectors/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.json')).map((name) => readFileSync(new URL(name, folder), 'utf8'))
const module = fileURLToPath(new URL('./everywhere.js', import.meta.url))
const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'authwright-runtimes-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

/** binary is where the package of a runtime for this machine has it: scripts of packages, which would link it, do not run. */
const binary = (name: string, x64: string, arm64: string, at: string) => join(modules, name + (process.arch === 'arm64' ? arm64 : x64), at)
const bun = binary(`@oven/bun-${process.platform}-`, 'x64', 'aarch64', 'bin/bun')
const deno = binary(`@deno/${process.platform}-`, 'x64', 'arm64', 'deno').replace(/(linux-\w+)/, '$1-glibc')
const workerd = binary(`@cloudflare/workerd-${process.platform}-`, '64', 'arm64', 'bin/workerd')

/** worker is the configuration of workerd for one bundled module. */
function worker(): string {
  execFileSync(bun, ['build', module, '--target=browser', '--format=esm', `--outfile=${join(scratch, 'worker.js')}`], { stdio: 'pipe' })
  const config = join(scratch, 'config.capnp')
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (modules = [(name = "worker", esModule = embed "worker.js")], compatibilityDate = "2026-10-01"))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`,
  )
  return config
}

const runtimes: Record<string, { userAgent: RegExp; start: () => [string, ...string[]] }> = {
  Deno: { userAgent: /^Deno\//, start: () => [deno, 'serve', '--no-config', '--node-modules-dir=manual', '--host=127.0.0.1', '--port=0', module] },
  Bun: { userAgent: /^Bun\//, start: () => [bun, module] },
  workerd: { userAgent: /^Cloudflare-Workers$/, start: () => [workerd, 'serve', worker(), '--control-fd=1'] },
}

/** Served is a server of a runtime, and all that it has said. */
interface Served {
  url: string
  said: () => string
  stop: () => Promise<unknown>
}

/** serve starts a server. It says its port when it listens. */
async function serve([command, ...args]: [string, ...string[]]): Promise<Served> {
  const server = spawn(command, args, { cwd: scratch, env: { ...process.env, NO_COLOR: '1', DENO_DIR: scratch, DENO_NO_UPDATE_CHECK: '1' }, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const ended = new Promise((resolve) => server.on('close', resolve))
  const port = await new Promise<string>((resolve, reject) => {
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (text: Buffer) => {
        said += text.toString()
        const found = /127\.0\.0\.1:(\d+)|"port":(\d+)/.exec(said)
        if (found !== null) {
          resolve(found[1] ?? found[2] ?? '')
        }
      })
    }
    server.on('error', reject).on('exit', (code) => reject(new Error(`it ended with ${code}: ${said}`)))
  })
  return { url: `http://127.0.0.1:${port}`, said: () => said, stop: () => (server.kill('SIGKILL'), ended) }
}

const here = runAll(files.map((text) => JSON.parse(text) as VectorFile))

for (const [name, { userAgent, start }] of Object.entries(runtimes)) {
  describe(name, () => {
    let server: Served
    before(async () => void (server = await serve(start())))
    after(() => server.stop())

    test('decides all vectors as Node does', async () => {
      const answer = await fetch(server.url, { method: 'POST', body: `[${files.join()}]` })
      const there = (await answer.json()) as Ran & { runtime: string }
      const { count, wrong } = await here
      assert.match(there.runtime, userAgent)
      assert.deepEqual([there.wrong, there.count], [wrong, count])
      assert.deepEqual(wrong, [])
      console.log(`${there.runtime}: ${there.count} vectors, as on Node`)
    })

    test('ends the events of a token that was revoked, and logs nothing', async () => {
      const before = server.said()
      const events = await fetch(`${server.url}/revoked?type=text/event-stream`)
      assert.match(await events.text(), /^(: still here\n\n)*$/)
      assert.equal(await (await fetch(`${server.url}/heard`)).json(), 1)
      await server.stop()
      assert.equal(server.said(), before)
    })
  })
}
