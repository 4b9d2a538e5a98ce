// sdk-v2.test.mjs: the official TypeScript MCP client, version 2, which checks `iss` itself.

import { Client, StreamableHTTPClientTransport as Transport } from '@modelcontextprotocol/client';
import { scenarios } from './lib/sdk-scenarios.mjs';

scenarios({
  id: 'v2',
  name: 'TypeScript SDK v2',
  Client,
  Transport,
  stepsUpWithRefreshToken: true,
  finish: (transport, params) => transport.finishAuth(params),
});
