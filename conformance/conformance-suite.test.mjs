// conformance-suite.test.mjs: the MCP conformance suite against the authorization server, both scenarios in one run.

import { after, before, describe, test } from 'node:test';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, same } from './lib/check.mjs';
import { startDemo } from './lib/demo.mjs';
import { certificate, Documents } from './lib/documents.mjs';
import { Child, freePort } from './lib/process.mjs';

const limit = { timeout: 90_000 };
const cli = new URL('node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url).pathname;

describe('conformance authorization', { concurrency: false }, () => {
  let demo, documents, secure, ana;
  before(async () => {
    const tls = certificate();
    [documents, secure] = await Promise.all([Documents.serve(), Documents.serve(tls)]);
    demo = await startDemo({ env: { SSL_CERT_FILE: tls.cert } });
    ana = await Person.arrive();
  });
  after(async () => {
    await ana?.leave();
    await demo?.stop();
    await Promise.all([documents?.close(), secure?.close()]);
    await closeBrowser();
  });

  /** run has the suite test an issuer and lets the person answer the URL it prints. */
  async function run(t, url, clientID, flags = []) {
    const port = await freePort();
    const id = typeof clientID === 'function' ? clientID(`http://127.0.0.1:${port}/callback`) : clientID;
    const suite = new Child(process.execPath, [cli, 'authorization', '--url', url, '--client-id', id, '-p', String(port), ...flags]);
    t.after(() => suite.stop());
    const [authorize] = await suite.prints(/https?:\/\/\S+\/authorize\?\S+/);
    await ana.authorize(authorize);
    const code = await suite.exit(30);
    t.diagnostic(suite.output.trim().split('\n').slice(-12).join('\n'));
    same(`conformance authorization --url ${url} ${flags.join(' ')}: exit code (it printed ${suite.output.slice(-3000)})`, code, 0);
    holds('conformance authorization: warnings', suite.output.slice(-3000), !/WARNING|SKIPPED/.test(suite.output), 'none');
  }

  const issuers = {
    'the root issuer': () => ({ url: demo.issuer, resource: demo.todo }),
    'the path issuer': () => ({ url: demo.north.issuer, resource: demo.north.todo }),
  };
  for (const [name, of] of Object.entries(issuers)) {
    // Only the first project has demo-public of its own accord; the other is asked by a client with a document.
    const client = name === 'the root issuer'
      ? () => 'demo-public'
      : () => (uri) => documents.put('suite-north', { redirect_uris: [uri] });
    test(`${name}, no resource`, limit, (t) => run(t, of().url, client()));
    test(`${name}, with --resource`, limit, (t) => run(t, of().url, client(), ['--resource', of().resource]));
    test(`${name}, a client id metadata document over http`, limit, (t) =>
      run(t, of().url, (uri) => documents.put('suite', { redirect_uris: [uri] }), ['--resource', of().resource]));
    test(`${name}, a client id metadata document over https that lists no port`, limit, (t) =>
      run(t, of().url, () => secure.put('suite', { redirect_uris: ['http://127.0.0.1/callback'] })));
  }

  test('the suite really ran both scenarios and finds faults', limit, async (t) => {
    const suite = new Child(process.execPath, [cli, 'authorization', '--url', `${demo.issuer}/`, '--client-id', 'demo-public']);
    t.after(() => suite.stop());
    const code = await suite.exit(30);
    holds('conformance authorization --url ISSUER/', code, code !== 0, 'an exit code other than 0, because the issuer has no slash');
  });
});
