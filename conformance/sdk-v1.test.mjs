// sdk-v1.test.mjs: the official TypeScript MCP client, version 1.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { scenarios } from './lib/sdk-scenarios.mjs';

scenarios({
  id: 'v1',
  name: 'TypeScript SDK v1',
  Client,
  Transport,
  stepsUpWithRefreshToken: false,
  finish: (transport, params) => {
    if (!params.get('code')) throw new Error(`no authorization code: ${params.get('error')}`);
    return transport.finishAuth(params.get('code'));
  },
});
