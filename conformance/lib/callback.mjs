// callback.mjs: the loopback listener to which a native client has the browser sent back (RFC 8252 §7.3).

import { createServer } from 'node:http';
import { until } from './until.mjs';

/** Callback listens on a free port and keeps every address the browser was sent to. */
export class Callback {
  #arrived = [];

  static async listen({ path = '/callback', port = 0 } = {}) {
    const callback = new Callback();
    callback.server = createServer((request, response) => {
      const url = new URL(request.url, callback.origin);
      if (url.pathname === path) callback.#arrived.push(url);
      response.writeHead(200, { 'content-type': 'text/html' }).end('<title>back</title>back at the client');
    });
    await new Promise((resolve, reject) => callback.server.once('error', reject).listen(port, '127.0.0.1', resolve));
    callback.port = callback.server.address().port;
    callback.origin = `http://127.0.0.1:${callback.port}`;
    callback.uri = callback.origin + path;
    return callback;
  }

  /**
   * next is the parameters of the next arrival. Whoever closes the page that was sent here names it: Chromium may never
   * finish closing a page that is still on its way, so next waits until it stands.
   */
  async next(page) {
    await until(`the browser arrives at ${this.uri}`, () => this.#arrived.length > 0);
    await page?.waitForURL((url) => url.href.startsWith(this.uri));
    return this.#arrived.shift().searchParams;
  }

  close() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}
