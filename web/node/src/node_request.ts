// node_request.ts reads a request of node:http and leaves it as it was for whoever reads it next.

import type { IncomingMessage } from 'node:http'

import type { AuthInfo } from './auth_info.js'
import type { Incoming } from './call.js'
import { BodyGone } from './errors.js'

/** A request of `node:http` behind a check: with `auth`, where the official MCP SDKs look for who calls. */
export type ProtectedRequest = IncomingMessage & { auth?: AuthInfo }

/** Parsed is what a body parser may have left on a request. */
type Parsed = IncomingMessage & { body?: unknown; rawBody?: unknown }

/** incomingOf is a request of node:http. Node drops or folds a header that is there twice, so the raw ones are read. */
export function incomingOf(req: IncomingMessage): Incoming {
  return {
    method: req.method ?? '',
    headers: (name) => req.rawHeaders.filter((_, i) => i % 2 === 1 && req.rawHeaders[i - 1]?.toLowerCase() === name),
    body: (max) => bodyOf(req, max),
  }
}

/**
 * bodyOf is the body as whoever comes next will see it: what a parser left of it, or else the stream, into which it is put
 * back.
 */
async function bodyOf(req: Parsed, max: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!req.readableEnded) {
    const body = await readStream(req, max)
    if (body !== undefined && (req.body !== undefined || req.readableEnded)) {
      req.rawBody = Buffer.from(body)
      req.body = parsed(body)
    }
    return body
  }
  const { rawBody, body } = req
  const left = rawBody ?? body
  if (left === undefined) {
    throw new BodyGone()
  }
  const bytes = left instanceof Uint8Array ? left : new TextEncoder().encode(typeof left === 'string' ? left : JSON.stringify(left))
  if (rawBody !== undefined && body !== undefined) {
    req.body = parsed(bytes)
  }
  return bytes.length > max ? undefined : new Uint8Array(bytes)
}

/** parsed is what express.json() would make of a body; undefined if it is no JSON, and then the request is refused. */
function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return undefined
  }
}

/**
 * readStream reads a stream whole and puts it back before its end is announced, which is the last moment it can be. It is
 * undefined when there are more than max bytes.
 */
function readStream(req: IncomingMessage, max: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const leave = () => req.off('readable', read).off('end', end).off('error', fail).off('close', gone)
    const done = (body: Uint8Array<ArrayBuffer> | undefined) => {
      leave()
      resolve(body)
    }
    const fail = (err: Error) => {
      leave()
      reject(err)
    }
    const gone = () => fail(new Error('the client went away'))
    const end = () => done(new Uint8Array(Buffer.concat(chunks)))
    const read = () => {
      for (let chunk = req.read() as Buffer | null; chunk !== null; chunk = req.read() as Buffer | null) {
        length += chunk.length
        chunks.push(chunk)
        if (length > max) {
          done(undefined)
          return
        }
      }
      if (req.complete && length > 0) {
        const whole = Buffer.concat(chunks)
        req.unshift(whole)
        done(new Uint8Array(whole))
      }
    }
    req.on('readable', read).on('end', end).on('error', fail).on('close', gone)
  })
}

/** dropBody takes away what a GET or DELETE brought along, so nothing behind us can act on a call that was not looked at. */
export async function dropBody(req: Parsed): Promise<void> {
  delete req.body
  delete req.rawBody
  while (!req.readableEnded && !req.destroyed) {
    await new Promise<void>((resolve) => {
      req.once('end', resolve).once('close', resolve).once('error', () => resolve()).resume()
    })
  }
}
