// route.js: where clients learn who issues tokens for this server (RFC 9728 §3).

import { metadata } from '@authwright/node/next'
import { resource } from '../../../../resource.js'

export const { GET, HEAD, OPTIONS } = metadata(resource)
