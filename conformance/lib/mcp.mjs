// mcp.mjs speaks MCP's streamable HTTP by hand, to see statuses and headers that clients hide.

import { ask } from './oauth.mjs';
import { until } from './until.mjs';

/** mcp posts one JSON-RPC request, with a token or without. */
export function mcp(url, token, method = 'initialize', params) {
  params ??= method === 'initialize'
    ? { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'conformance', version: '1' } }
    : {};
  return ask(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
}

/** callTool posts a tools/call. */
export function callTool(url, token, name, args = {}) {
  return mcp(url, token, 'tools/call', { name, arguments: args });
}

/** resultOf is what a tool answered, also when it came as a stream of one event. */
export function resultOf(answer) {
  const message = answer.json ?? JSON.parse(/^data: ?(.+)$/m.exec(answer.text)?.[1] ?? '{}');
  return message.result?.structuredContent;
}

/** refused waits until the server answers 401 to a token that was good. */
export function refused(url, token, seconds) {
  return until(`${url} refuses the token`, async () => (await mcp(url, token)).status === 401, seconds);
}

/** parseChallenge splits a WWW-Authenticate value into its scheme and parameters (RFC 9110 §11.6.1). */
export function parseChallenge(value) {
  const [, scheme, rest] = /^(\S+)\s*(.*)$/s.exec(value ?? '') ?? [];
  const params = {};
  for (const [, name, quoted] of (rest ?? '').matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)) params[name] = quoted;
  return { scheme, ...params };
}
