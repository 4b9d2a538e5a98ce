// resource.js: what is protected, for both routes.

import { createResource } from '@authwright/node'
import { rules } from './todo.js'

export const resource = createResource({
  resource: process.env.RESOURCE ?? 'http://127.0.0.1:8103/mcp',
  issuer: process.env.ISSUER ?? 'http://127.0.0.1:8080',
  introspection: {
    clientId: 'demo-confidential',
    clientSecret: process.env.INTROSPECTION_SECRET ?? 'demo-confidential-secret-for-local-use-only',
    every: 2, // seconds within which a revocation is felt
  },
  ...rules,
})
