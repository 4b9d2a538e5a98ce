// worker.js: the to-do server on Cloudflare Workers.

import { createResource } from '@authwright/node'
import { withAuthInfo } from '@authwright/node/mcp'
import { protect } from '@authwright/node/workers'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { rules, todo } from './todo.js'

const resource = (env) =>
  createResource({
    resource: env.RESOURCE,
    issuer: env.ISSUER,
    introspection: { clientId: 'demo-confidential', clientSecret: env.INTROSPECTION_SECRET, every: 2 },
    ...rules,
  })

export default protect(resource, withAuthInfo(createMcpHandler(todo)))
