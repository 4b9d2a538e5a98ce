// protected.mjs: an MCP server in a process of its own, behind tokens of the demo.

import { Child } from './process.mjs';
import { holds, same } from './check.mjs';
import { mcp, parseChallenge } from './mcp.mjs';
import { basic, postForm, prmURL } from './oauth.mjs';
import { confidential } from './demo.mjs';
import { until } from './until.mjs';

/** Protected is a running server and its address. */
export class Protected {
  /** start runs a command and waits until the server at url answers. */
  static async start(url, command, args, options) {
    const server = new Protected();
    Object.assign(server, { url, child: new Child(command, args, options) });
    await until(`${url} answers`, async () => {
      if (server.child.code !== undefined) throw server.child.complain(`ended with ${server.child.code} before it answered`);
      return (await mcp(url)).status === 401;
    }, 60).catch((error) => {
      throw error.final ? error : server.child.complain(error.message);
    });
    return server;
  }

  stop() {
    return this.child.stop();
  }
}

/** machineToken is a token of the demo's confidential client, for a resource and with todo.read. */
export async function machineToken(demo, resource) {
  const answer = await postForm(`${demo.issuer}/token`, { grant_type: 'client_credentials', resource }, basic(confidential));
  same(answer.call, answer.status, 200);
  return answer.json.access_token;
}

/** challenges: a request with this token, or none, is answered 401 with the way to a good one (RFC 9728 §5.1, RFC 6750 §3). */
export async function challenges(what, url, token, error) {
  const answer = await mcp(url, token);
  same(`${answer.call} with ${what}`, answer.status, 401);
  const challenge = parseChallenge(answer.headers.get('www-authenticate'));
  same(`${answer.call} with ${what}: scheme, resource_metadata`, [challenge.scheme, challenge.resource_metadata], ['Bearer', prmURL(url)]);
  holds(`${answer.call} with ${what}: error`, challenge.error, challenge.error === error, String(error));
  return challenge;
}
