// metadata.ts answers GET /.well-known/oauth-protected-resource… (RFC 9728 §3).

import type { Answer } from './challenge.js'
import type { ResourceConfig } from './config.js'
import { preflightHeaders } from './origin.js'

/** The protected resource metadata document (RFC 9728 §2). Absent members are left out. */
export interface ProtectedResourceMetadata {
  resource: string
  authorization_servers: string[]
  scopes_supported?: string[]
  bearer_methods_supported: string[]
  resource_name?: string
}

/** metadataOf makes the document of a configuration. */
export function metadataOf({ resource, issuer, scopes, name }: ResourceConfig): ProtectedResourceMetadata {
  return {
    resource,
    authorization_servers: [issuer],
    ...(scopes?.length ? { scopes_supported: [...scopes] } : {}),
    bearer_methods_supported: ['header'],
    ...(name ? { resource_name: name } : {}),
  }
}

const methods = 'GET, HEAD, OPTIONS'

/** answerMetadata serves the document. Anyone may read it, from any page. */
export function answerMetadata(metadata: ProtectedResourceMetadata, method: string): Answer {
  const headers = { 'Access-Control-Allow-Origin': '*' }
  switch (method) {
    case 'OPTIONS':
      return { status: 204, headers: { ...headers, ...preflightHeaders(methods) }, body: '' }
    case 'GET':
    case 'HEAD':
      return {
        status: 200,
        headers: { ...headers, 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=300' },
        body: method === 'HEAD' ? '' : JSON.stringify(metadata),
      }
  }
  return { status: 405, headers: { ...headers, Allow: methods, 'Content-Type': 'text/plain; charset=utf-8' }, body: 'method not allowed\n' }
}
