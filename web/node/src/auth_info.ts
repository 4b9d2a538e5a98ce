// auth_info.ts: a token in the words of the official MCP SDK for TypeScript, versions 1 and 2.

import { carry, type Token } from './token.js'

/** What the official MCP SDKs hand to a tool: `extra.authInfo` in v1, `ctx.http.authInfo` in v2. */
export interface AuthInfo {
  /** The access token as it came. */
  token: string
  /** The program that acts (`client_id`). */
  clientId: string
  /** As granted, without what they imply. */
  scopes: string[]
  /** When the token expires, in seconds since the epoch. */
  expiresAt: number
  /** The protected server: the audience of the token (RFC 8707 §2). */
  resource: URL
  /** The rest: `subject`, `issuer`, `orgId`, `orgSlug`. */
  extra: Record<string, unknown>
}

/** authInfoOf tells an SDK who calls; tokenOf finds the token in it again, in a copy of it too. */
export function authInfoOf(token: Token, raw: string, resource: string): AuthInfo {
  const { subject, issuer, orgId, orgSlug } = token
  const info: AuthInfo = {
    token: raw,
    clientId: token.clientId,
    scopes: [...token.scopes],
    expiresAt: token.expires,
    resource: new URL(resource),
    extra: { subject, issuer, ...(orgId === undefined ? {} : { orgId }), ...(orgSlug === undefined ? {} : { orgSlug }), authwright: token },
  }
  carry(info, token)
  return info
}
