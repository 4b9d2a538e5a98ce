// vectors.ts runs the cases of conformance/vectors that every language must decide alike, on any runtime.

import { writeChallenge } from '../src/challenge.js'
import type { Introspection, ResourceConfig } from '../src/config.js'
import { OAuthError } from '../src/errors.js'
import { createResourceAt, type Resource } from '../src/resource.js'

/** Documents is an issuer that answers URLs with documents. */
type Documents = Record<string, { status?: number; spaces?: number; location?: string; body: string }>

type Config = Record<string, unknown>

export interface Vector {
  name: string
  config?: Config
  documents?: Documents
  token: string
  request: { method: string; target: string; headers?: [string, string][]; body?: string; body_base64?: string }
  challenge: { error?: string; error_description?: string; scope?: string[]; resource_metadata?: string }
  want: Record<string, unknown> & { status?: number; error?: string; challenge?: string; rpc_code?: number; rpc_id?: unknown }
}

export interface VectorFile {
  kind: 'token' | 'request' | 'metadata' | 'challenge'
  now: number
  config?: Config
  documents?: Documents
  tokens?: Record<string, string>
  cases: Vector[]
}

/** Send makes the request of a vector to a protected server, and tells what the handler behind was given, if it was. */
export type Send = (resource: Resource, method: string, target: string, headers: [string, string][], body: Uint8Array) => Promise<{ response: Response; reached: Uint8Array | undefined }>

/** runVector decides a case and returns what is wrong: nothing, when the case passes. */
export async function runVector(file: VectorFile, vector: Vector, send: Send = sendByFetch): Promise<string[]> {
  switch (file.kind) {
    case 'token':
      return runToken(file, vector)
    case 'request':
      return runRequest(file, vector, send)
    case 'metadata':
      return runMetadata(file, vector)
    case 'challenge': {
      const { error, error_description: errorDescription, scope, resource_metadata: resourceMetadata } = vector.challenge
      return differ('challenge', writeChallenge(defined({ error, errorDescription, scope, resourceMetadata })), vector.want.challenge)
    }
    default:
      return [`the kind ${String(file.kind)} is not known`]
  }
}

/** resourceOf is the protected server of a case: the file's configuration, where the case does not replace a member. */
function resourceOf(file: VectorFile, vector: Vector): Resource {
  const config = { ...file.config, ...vector.config }
  const documents = { ...file.documents, ...vector.documents }
  const { jwks_uri: jwksUri, introspection, ...same } = config
  const { client_id: clientId, client_secret: clientSecret, endpoint, alone } = (introspection ?? {}) as Config
  const asked = defined({ clientId, clientSecret, endpoint, alone })
  return createResourceAt(
    {
      ...(same as unknown as ResourceConfig),
      ...(jwksUri === undefined ? {} : { jwksUri: jwksUri as string }),
      ...(introspection === undefined ? {} : { introspection: asked as unknown as Introspection }),
      fetch: (url) => Promise.resolve(answer(documents, url)),
      log: () => undefined,
    },
    () => file.now * 1000,
  )
}

function answer(documents: Documents, url: string): Response {
  const document = documents[url] ?? { status: 404, body: '' }
  const headers = document.location === undefined ? {} : { Location: document.location }
  return new Response(document.body + ' '.repeat(document.spaces ?? 0), { status: document.status ?? 200, headers })
}

async function runToken(file: VectorFile, vector: Vector): Promise<string[]> {
  const resource = resourceOf(file, vector)
  const wrong: string[] = []
  for (const pass of ['first', 'again']) {
    wrong.push(...differ(pass, await verified(resource, vector.token), vector.want))
  }
  return wrong
}

async function verified(resource: Resource, raw: string): Promise<unknown> {
  try {
    const { subject, clientId, orgId, scopes } = await resource.verify(raw)
    return defined({ subject, client_id: clientId, org_id: orgId, scopes: scopes.length > 0 ? scopes : undefined })
  } catch (err) {
    return err instanceof OAuthError ? { error: err.code } : { thrown: String(err) }
  }
}

async function sendByFetch(...[resource, method, target, headers, body]: Parameters<Send>): ReturnType<Send> {
  let reached: Uint8Array | undefined
  const handler = resource.mount(async (request) => {
    reached = new Uint8Array(await request.arrayBuffer())
    return new Response('reached')
  })
  const init: RequestInit = { method, headers: new Headers() }
  headers.forEach(([name, value]) => (init.headers as Headers).append(name, value))
  if (method !== 'GET' && method !== 'HEAD') {
    init.body = body as Uint8Array<ArrayBuffer>
  }
  const response = await handler(new Request(new URL(target, resource.url), init))
  return { response, reached }
}

async function runRequest(file: VectorFile, vector: Vector, send: Send): Promise<string[]> {
  const resource = resourceOf(file, vector)
  const fill = (text: string) => text.replaceAll(/\$\{([^}]+)\}/g, (whole, name: string) => file.tokens?.[name] ?? whole)
  const { method, target, headers = [], body = '', body_base64: encoded } = vector.request
  const bytes = encoded === undefined ? new TextEncoder().encode(fill(body)) : Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0))
  const filled = headers.map(([name, value]): [string, string] => [name, fill(value)])
  const { response, reached } = await send(resource, method, fill(target), filled, bytes)
  const text = await response.text()
  const { want } = vector
  const wrong = [
    ...differ('status', response.status, want.status),
    ...differ('the handler was reached', reached !== undefined, want.status === 200),
    ...(reached === undefined ? [] : differ('the body that reached it', [...reached], method === 'GET' || method === 'HEAD' ? [] : [...bytes])),
    ...wrongChallenge(response.headers.get('WWW-Authenticate'), want),
  ]
  if (want.rpc_code !== undefined) {
    const { jsonrpc, id, error } = JSON.parse(text) as { jsonrpc: string; id?: unknown; error: { code: number; message: string } }
    wrong.push(...differ('the answer', [jsonrpc, error.code, error.message !== '', id], ['2.0', want.rpc_code, true, want.rpc_id]))
  }
  return wrong
}

/** wrongChallenge wants the header byte for byte where the case has it, else one with the error, else none. */
function wrongChallenge(got: string | null, { challenge, error }: Vector['want']): string[] {
  if (challenge === undefined && error !== undefined) {
    const begins = `Bearer error="${error}"`
    return got?.startsWith(begins) && !got.includes(', Bearer ') ? [] : [`WWW-Authenticate = ${got}, want one that begins with ${begins}`]
  }
  return differ('WWW-Authenticate', got, challenge ?? null)
}

async function runMetadata(file: VectorFile, vector: Vector): Promise<string[]> {
  const { error, metadata, metadata_path: path, metadata_url: url } = vector.want
  let resource: Resource
  try {
    resource = resourceOf(file, vector)
  } catch (err) {
    return error === 'configuration' && err instanceof TypeError ? [] : [`createResource threw ${String(err)}`]
  }
  if (error !== undefined) {
    return ['createResource took the configuration, want an error']
  }
  const served: unknown = await resource.serveMetadata(new Request(resource.metadataUrl)).json()
  return differ('metadata', [resource.metadataPath, resource.metadataUrl, served], [path, url, metadata])
}

/** defined leaves out what is undefined. */
function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never
}

function differ(what: string, got: unknown, want: unknown): string[] {
  return canonical(got) === canonical(want) ? [] : [`${what} = ${canonical(got)}, want ${canonical(want)}`]
}

/** canonical writes a value with the members of objects in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
