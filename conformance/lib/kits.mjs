// kits.mjs: the official TypeScript MCP clients, versions 1 and 2, in the same words.

import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Transport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Client as Client2, StreamableHTTPClientTransport as Transport2 } from '@modelcontextprotocol/client';

export const v1 = {
  id: 'v1',
  name: 'TypeScript SDK v1',
  Client: Client1,
  Transport: Transport1,
  stepsUpWithRefreshToken: false,
  finish: (transport, params) => {
    if (!params.get('code')) throw new Error(`no authorization code: ${params.get('error')}`);
    return transport.finishAuth(params.get('code'));
  },
};

/** v2 checks `iss` itself. */
export const v2 = {
  id: 'v2',
  name: 'TypeScript SDK v2',
  Client: Client2,
  Transport: Transport2,
  stepsUpWithRefreshToken: true,
  finish: (transport, params) => transport.finishAuth(params),
};
