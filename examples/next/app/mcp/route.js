// route.js: the to-do server as a route of Next.js.

import { protect } from '@authwright/node/next'
import { createMcpHandler } from 'mcp-handler'
import { resource } from '../../resource.js'
import { addTools } from '../../todo.js'

export const { GET, POST, DELETE, OPTIONS } = protect(resource, createMcpHandler(addTools))
