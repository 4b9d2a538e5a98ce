// redirect-uris.test.mjs: every redirect URI that a known client uses registers and reaches the login page.

import { after, before, describe, test } from 'node:test';
import { same, matches, holds } from './lib/check.mjs';
import { startDemo } from './lib/demo.mjs';
import { ask, authorizeURL, pkce, register } from './lib/oauth.mjs';

// Each row is one registration, as the client sends it; `uses` are the addresses it later authorizes with,
// where they differ from what it registered (RFC 8252 §7.3: the port of a loopback address is free).
const clients = [
  { name: 'Claude (web, desktop, mobile)', uris: ['https://claude.ai/api/mcp/auth_callback'] },
  { name: 'Claude (second domain)', uris: ['https://claude.com/api/mcp/auth_callback'] },
  { name: 'Claude Code on localhost', uris: ['http://localhost:3118/callback'] },
  { name: 'Claude Code on an ephemeral port', uris: ['http://localhost:54321/callback'] },
  { name: 'Claude Code on 127.0.0.1', uris: ['http://127.0.0.1:49821/callback'] },
  {
    name: 'Claude Code by its document, which lists no port',
    uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
    uses: ['http://localhost:3118/callback', 'http://127.0.0.1:50123/callback'],
  },
  { name: 'Claude Code desktop', uris: ['claude://claude.ai/mcp-auth-callback/sdk'] },
  { name: 'ChatGPT', uris: ['https://chatgpt.com/connector_platform_oauth_redirect'] },
  { name: 'ChatGPT, per connection', uris: ['https://chatgpt.com/connector/oauth/Zx81_abcDEF-0'] },
  { name: 'Codex CLI', uris: ['http://127.0.0.1:51234/callback/abcDEF123456'], members: { application_type: 'native' } },
  {
    name: 'Cursor',
    uris: [
      'cursor://anysphere.cursor-mcp/oauth/callback',
      'https://www.cursor.com/agents/mcp/oauth/callback',
      'http://localhost:8787/callback',
    ],
  },
  {
    name: 'VS Code',
    uris: ['http://127.0.0.1/', 'http://127.0.0.1:33418/', 'https://vscode.dev/redirect', 'https://insiders.vscode.dev/redirect'],
    uses: ['http://127.0.0.1:33418/', 'http://127.0.0.1:45671/', 'https://vscode.dev/redirect', 'https://insiders.vscode.dev/redirect'],
    members: {
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    },
  },
  { name: 'GitHub Copilot CLI', uris: ['http://127.0.0.1:38111/'] },
  { name: 'Gemini CLI', uris: ['http://localhost:7777/oauth/callback'] },
  { name: 'mcp-remote', uris: ['http://localhost:3335/oauth/callback'], uses: ['http://localhost:3335/oauth/callback', 'http://localhost:49150/oauth/callback'] },
  { name: 'MCP Inspector web', uris: ['http://localhost:6274/oauth/callback'] },
  { name: 'MCP Inspector web by address', uris: ['http://127.0.0.1:6274/oauth/callback'] },
  { name: 'MCP Inspector CLI and TUI', uris: ['http://127.0.0.1:6276/oauth/callback'], members: { application_type: 'native' } },
  { name: 'MCP Inspector 0.22', uris: ['http://localhost:6274/oauth/callback', 'http://localhost:6274/oauth/callback/debug'] },
  { name: 'OpenCode', uris: ['http://127.0.0.1:19876/mcp/oauth/callback'] },
  { name: 'Grok', uris: ['https://grok.com/connectors-oauth-exchange-code/', 'https://console.x.ai/connectors-oauth-exchange-code/'] },
  { name: 'Antigravity', uris: ['https://antigravity.google/oauth-callback'] },
  { name: 'Windsurf', uris: ['windsurf://codeium.windsurf/mcp/oauth/callback'] },
  { name: 'Zed and JetBrains', uris: ['http://127.0.0.1:40404/callback'] },
  { name: 'Open WebUI', uris: ['https://chat.example.com/oauth/clients/mcp:todo/callback'] },
  { name: 'a client on IPv6 loopback', uris: ['http://[::1]:8123/callback'], uses: ['http://[::1]:8123/callback', 'http://[::1]:9999/callback'] },
];

describe('redirect URIs of known clients', () => {
  let demo;
  before(async () => {
    demo = await startDemo();
  });
  after(() => demo?.stop());

  for (const client of clients) {
    test(`${client.name} registers and authorizes`, async () => {
      const answer = await register(demo.issuer, { client_name: client.name, redirect_uris: client.uris, ...client.members });
      same(`POST /register ${client.uris} (${answer.text})`, answer.status, 201);
      same('redirect_uris', answer.json.redirect_uris, client.uris);
      for (const redirect_uri of client.uses ?? client.uris) {
        const url = authorizeURL(demo.issuer, {
          client_id: answer.json.client_id, redirect_uri, state: 's', code_challenge: pkce().challenge, resource: demo.todo, scope: 'todo.read',
        });
        await reachesLogin(url);
      }
    });
  }

  const refused = {
    'javascript:': 'javascript:alert(1)//oauth',
    'javascript: in mixed case': 'JavaScript:alert(1)',
    'data:': 'data:text/html,x',
    'vbscript:': 'vbscript:x',
    'file:': 'file:///etc/passwd',
    'blob:': 'blob:https://example.com/1',
    'about:': 'about:blank',
    'http off loopback': 'http://example.com/callback',
    'a fragment': 'https://example.com/callback#x',
    'a user in it': 'https://user@example.com/callback',
    'a wildcard host': 'https://*.example.com/callback',
    'a host that only begins like loopback': 'http://127.0.0.1.example.com/callback',
    'no scheme': 'example.com/callback',
  };
  for (const [what, uri] of Object.entries(refused)) {
    test(`a redirect URI with ${what} is refused at registration`, async () => {
      const answer = await register(demo.issuer, { redirect_uris: ['https://example.com/good', uri] });
      same(`POST /register ${uri} (${answer.text})`, [answer.status, answer.json?.error], [400, 'invalid_redirect_uri']);
      holds('error_description', answer.json.error_description, !!answer.json.error_description, 'a sentence');
    });
  }

  /** reachesLogin follows redirects within the server, with cookies, to the login page. */
  async function reachesLogin(url) {
    const cookies = new Map();
    let at = url;
    for (let hop = 0; hop < 5; hop++) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await ask(at, { headers: { accept: 'text/html', ...(cookie ? { cookie } : {}) } });
      for (const line of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
        cookies.set(name, value);
      }
      const location = answer.headers.get('location');
      if (!location) {
        same(`${answer.call} after ${url}`, answer.status, 200);
        matches(`${answer.call} after ${url}`, answer.text, /type="password"/);
        return;
      }
      at = new URL(location, at);
      same(`${answer.call}: origin of Location ${location}`, at.origin, demo.origin);
    }
  }
});
