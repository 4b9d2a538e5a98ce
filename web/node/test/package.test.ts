// package.test.ts packs the package, has npm install it into a fresh folder beside what its samples are written for, and
// runs the first example of the README there.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, test } from 'node:test'

const root = fileURLToPath(new URL('../../', import.meta.url))
const tsc = join(root, 'node_modules/.bin/tsc')
const fresh = mkdtempSync(join(tmpdir(), 'authwright-consumer-'))
const installed = join(fresh, 'node_modules/@authwright/node')
const compiled = ['--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes', '--noEmit', '--target', 'es2022', '--types', 'node']
const strict = [...compiled, '--module', 'nodenext']
const beside = ['@modelcontextprotocol/express', '@modelcontextprotocol/node', '@modelcontextprotocol/sdk', '@modelcontextprotocol/server', '@types/express', '@types/node', 'express', 'hono', 'mcp-handler']
let packed: string[] = []

before(() => {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root })
  const [tarball] = JSON.parse(execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', fresh], { cwd: root, encoding: 'utf8' })) as [
    { filename: string; files: { path: string }[] },
  ]
  packed = tarball.files.map(({ path }) => path)
  writeFileSync(join(fresh, 'package.json'), '{"type":"module"}')
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> }
  const exact = beside.map((name) => `${name}@${devDependencies[name]}`)
  const quietly = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  execFileSync('npm', ['install', ...quietly, join(fresh, tarball.filename), ...exact], { cwd: fresh, stdio: 'pipe' })
})

after(() => rmSync(fresh, { recursive: true }))

test('the package holds its licence, its README and what is compiled, and nothing else', () => {
  const sources = readdirSync(join(root, 'src')).flatMap((name) => [name.replace(/ts$/, 'js'), name.replace(/ts$/, 'd.ts')])
  assert.deepEqual([...packed].sort(), ['LICENSE', 'README.md', 'package.json', ...sources.map((name) => `dist/${name}`)].sort())
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { dependencies: object }
  assert.deepEqual(dependencies, { jose: '6.2.17' })
  const links = readFileSync(join(installed, 'README.md'), 'utf8').matchAll(/\]\(([^)]*)\)/g)
  assert.deepEqual([...links].map(([, link]) => link).filter((link) => !link?.startsWith('https://')), [], 'links to what is not in the package')
})

test('npm installs it with its one dependency', () => {
  assert.ok(lstatSync(installed).isDirectory())
  const listed = JSON.parse(execFileSync('npm', ['ls', '--json', 'jose'], { cwd: fresh, encoding: 'utf8' })) as { dependencies: Record<string, { dependencies: object }> }
  assert.deepEqual(Object.keys(listed.dependencies['@authwright/node']?.dependencies ?? {}), ['jose'])
})

const resolutions = { nodenext: ['--module', 'nodenext'], bundler: ['--module', 'esnext', '--moduleResolution', 'bundler'] }
for (const [name, modules] of Object.entries(resolutions)) {
  test(`every door has types for a strict consumer who resolves modules by ${name}`, () => typed(modules))
}

function typed(modules: string[]): void {
  const doors = ['', '/express', '/hono', '/mcp', '/next', '/workers'].map((path, i) => `import * as d${i} from '@authwright/node${path}'\nexport type D${i} = typeof d${i}\n`)
  writeFileSync(join(fresh, 'doors.ts'), doors.join(''))
  cpSync(join(root, 'test/consumer.ts'), join(fresh, 'consumer.ts'))
  execFileSync(tsc, [...compiled, ...modules, '--lib', 'es2022,dom', 'doors.ts', 'consumer.ts'], { cwd: fresh, stdio: 'pipe' })
}

test('who calls a tool is there for a strict consumer, in every shape a tool has', () => {
  cpSync(join(root, 'test/consumer_tools.ts'), join(fresh, 'consumer_tools.ts'))
  execFileSync(tsc, [...strict, '--skipLibCheck', '--lib', 'es2022,dom', 'consumer_tools.ts'], { cwd: fresh, stdio: 'pipe' })
})

test('the samples that stand at the top of a door, and those of the README, are taken by the compiler', () => {
  const known = `
    import { createResource } from '@authwright/node'
    import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
    const resource = createResource({ resource: 'https://mcp.example.com/mcp', issuer: 'https://auth.example.com' })
    const server = () => new McpServer({ name: 'To-do', version: '1.0.0' })
    const handler = createMcpHandler(server)\n`
  const hono = `${known}import { Hono } from 'hono'\nconst app = new Hono()\n`
  const [, top = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(installed, 'dist/hono.d.ts'), 'utf8')) ?? []
  const [, readme = ''] = /^## Hono\n\n```ts\n([\s\S]*?)```/m.exec(readFileSync(join(installed, 'README.md'), 'utf8')) ?? []
  const samples = { 'top.ts': `${hono}import { metadata, protect } from '@authwright/node/hono'\n${top.replaceAll(/^ \* ?/gm, '')}`, 'readme.ts': hono + readme }
  for (const [name, sample] of Object.entries(samples)) {
    assert.match(sample, /protect\(resource\)/)
    writeFileSync(join(fresh, name), sample)
  }
  execFileSync(tsc, [...strict, '--skipLibCheck', '--lib', 'es2022,dom', ...Object.keys(samples)], { cwd: fresh, stdio: 'pipe' })
})

/** agents is as much of the package agents, and of what `wrangler types` writes, as the guide's McpAgent touches. */
const agents = `
  interface Env { RESOURCE: string; ISSUER: string; SESSION_KEY: string }
  interface ExecutionContext<Props = unknown> {
    waitUntil(promise: Promise<any>): void
    passThroughOnException(): void
    readonly exports: object
    readonly props: Props
    abort(reason?: any): void
  }
  declare module 'agents/mcp' {
    export abstract class McpAgent<Env, State, Props extends Record<string, unknown>> {
      props?: Props
      static serve(path: string, options?: { binding?: string }): { fetch<Env>(this: void, request: Request, env: Env, ctx: ExecutionContext): Promise<Response> }
    }
  }\n`

test('the McpAgent of the guide for Workers is taken by the compiler, and so is what a Worker exports besides', () => {
  const guide = readFileSync(join(root, '../../docs/guides/workers.md'), 'utf8')
  const [, block = ''] = /^```ts agent\n([\s\S]*?)^```/m.exec(guide) ?? []
  const more = `
    export const besides = { ...protect(resource, withProps(agent, ({ subject }) => ({ subject }))), async scheduled() {} } satisfies
      { fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response>; scheduled(): Promise<void> }
    export const plain = protect(resource, (_request, token, env, ctx) => (ctx.waitUntil(Promise.resolve()), new Response(token.subject + env.ISSUER)))
    export const full = protect(resource, (_request, _token, _env, ctx: ExecutionContext) => (ctx.abort(), new Response()))\n`
  assert.match(block, /withProps\(/)
  writeFileSync(join(fresh, 'agents.d.ts'), agents)
  writeFileSync(join(fresh, 'agent.ts'), block + more)
  execFileSync(tsc, [...strict, '--skipLibCheck', '--lib', 'es2022,dom', 'agents.d.ts', 'agent.ts'], { cwd: fresh, stdio: 'pipe' })
})

test("the README's first example runs", async () => {
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(installed, 'README.md'), 'utf8')) ?? []
  const elsewhere = example.replace("app.listen(3000, '127.0.0.1')", "const listening = app.listen(0, '127.0.0.1', () => console.log(JSON.stringify(listening.address())))")
  assert.notEqual(elsewhere, example)
  writeFileSync(join(fresh, 'example.ts'), elsewhere)
  execFileSync(tsc, ['--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022', '--types', 'node', 'example.ts'], { cwd: fresh, stdio: 'pipe' })
  const server = spawn(process.execPath, ['example.js'], { cwd: fresh, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const said = await new Promise<string>((resolve, reject) => server.once('exit', reject).stdout.once('data', (line: Buffer) => resolve(String(line))))
    const origin = `http://127.0.0.1:${(JSON.parse(said) as { port: number }).port}`
    const refused = await fetch(`${origin}/mcp`, { method: 'POST', body: '{}' })
    const where = 'http://127.0.0.1:3000/.well-known/oauth-protected-resource/mcp'
    assert.equal(refused.headers.get('WWW-Authenticate'), `Bearer scope="todo.read", resource_metadata="${where}"`)
    const document = (await (await fetch(origin + new URL(where).pathname)).json()) as { authorization_servers: string[] }
    assert.deepEqual(document.authorization_servers, ['http://127.0.0.1:8080'])
  } finally {
    server.kill()
  }
})
