// documents.mjs serves client id metadata documents on loopback, by http and by https.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { join } from 'node:path';
import { freshDir } from './process.mjs';

/** certificate makes a certificate for 127.0.0.1 that its own file makes trusted (SSL_CERT_FILE). */
export function certificate() {
  const dir = freshDir('authwright-cert');
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1',
    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert,
  ], { stdio: 'ignore' });
  return { key, cert };
}

/** Documents is a server of documents; put returns the client_id of one. */
export class Documents {
  #bodies = new Map();

  static async serve(tls) {
    const documents = new Documents();
    const answer = (request, response) => {
      documents.requests.push(request.url);
      const body = documents.#bodies.get(request.url);
      if (!body) return response.writeHead(404).end();
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    documents.requests = [];
    documents.server = tls
      ? createSecureServer({ key: readFileSync(tls.key), cert: readFileSync(tls.cert) }, answer)
      : createServer(answer);
    await new Promise((resolve) => documents.server.listen(0, '127.0.0.1', resolve));
    documents.origin = `${tls ? 'https' : 'http'}://127.0.0.1:${documents.server.address().port}`;
    return documents;
  }

  /** put publishes a document for a client with these members and returns its client_id. */
  put(name, members) {
    const client_id = `${this.origin}/${name}/client.json`;
    this.#bodies.set(`/${name}/client.json`, {
      client_id,
      client_name: `Document ${name}`,
      client_uri: this.origin,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      ...members,
    });
    return client_id;
  }

  close() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}
