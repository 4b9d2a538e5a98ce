// v2.mjs: a server on version 2 of the official TypeScript SDK and its Express adapter, protected with their own requireBearerAuth.

import { createMcpExpressApp, getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter, requireBearerAuth } from '@modelcontextprotocol/express';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer, OAuthError, OAuthErrorCode } from '@modelcontextprotocol/server';
import { discover, verifier } from './verifier.mjs';

const [issuer, port] = process.argv.slice(2);
const resource = new URL(`http://127.0.0.1:${port}/mcp`);

function tools({ authInfo }) {
  const server = new McpServer({ name: 'own-parts-v2', version: '1.0.0' });
  server.registerTool('whoami', { annotations: { readOnlyHint: true } }, () => ({
    content: [{ type: 'text', text: `${authInfo.extra.subject} by ${authInfo.clientId}` }],
  }));
  return server;
}

const oauthMetadata = await discover(issuer);
const app = createMcpExpressApp();
app.use(mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl: resource, scopesSupported: ['todo.read'] }));
app.use('/mcp', requireBearerAuth({
  verifier: verifier(oauthMetadata, resource.href, (why) => new OAuthError(OAuthErrorCode.InvalidToken, why)),
  requiredScopes: ['todo.read'],
  resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(resource),
  expectedResource: resource,
}));
const handler = toNodeHandler(createMcpHandler(tools));
app.all('/mcp', (request, response) => handler(request, response, request.body));
app.listen(Number(port), '127.0.0.1', () => console.log(`ready at ${resource}`));
