// v1.mjs: a server on version 1 of the official TypeScript SDK, protected with its own requireBearerAuth.

import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { discover, verifier } from './verifier.mjs';

const [issuer, port] = process.argv.slice(2);
const resource = new URL(`http://127.0.0.1:${port}/mcp`);

function tools() {
  const server = new McpServer({ name: 'own-parts-v1', version: '1.0.0' });
  server.registerTool('whoami', { annotations: { readOnlyHint: true } }, ({ authInfo }) => ({
    content: [{ type: 'text', text: `${authInfo.extra.subject} by ${authInfo.clientId}` }],
  }));
  return server;
}

const oauthMetadata = await discover(issuer);
const app = createMcpExpressApp();
app.use(mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl: resource, scopesSupported: ['todo.read'] }));
app.use('/mcp', requireBearerAuth({
  verifier: verifier(oauthMetadata, resource.href, (why) => new InvalidTokenError(why)),
  requiredScopes: ['todo.read'],
  resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(resource),
  expectedResource: resource,
}));
app.post('/mcp', async (request, response) => {
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  await tools().connect(transport);
  await transport.handleRequest(request, response, request.body);
});
app.all('/mcp', (_, response) => response.status(405).set('allow', 'POST').end());
app.listen(Number(port), '127.0.0.1', () => console.log(`ready at ${resource}`));
