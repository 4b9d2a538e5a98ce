// inspector-0.22.test.mjs: the MCP Inspector of yesterday, whose OAuth runs in the page: it works only if CORS does.

import { after, before, describe, test } from 'node:test';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, same } from './lib/check.mjs';
import { ada, startDemo } from './lib/demo.mjs';
import { Child, freePort, freshDir } from './lib/process.mjs';

const limit = { timeout: 120_000 };
const home = new URL('node_modules/inspector-0.22/', import.meta.url).pathname;

describe('MCP Inspector 0.22', { concurrency: false }, () => {
  let demo, proxy, client, url, proxyPort;
  before(async () => {
    demo = await startDemo();
    const port = await freePort();
    proxyPort = await freePort();
    url = `http://localhost:${port}`;
    const env = { ...process.env, HOME: freshDir('inspector'), CLIENT_PORT: String(port), SERVER_PORT: String(proxyPort), DANGEROUSLY_OMIT_AUTH: 'true', MCP_AUTO_OPEN_ENABLED: 'false' };
    proxy = new Child(process.execPath, [`${home}server/build/index.js`], { env });
    client = new Child(process.execPath, [`${home}client/bin/client.js`], { env: { ...env, INSPECTOR_URL: url } });
    await Promise.all([proxy.prints(/listening on/), client.prints(/up and running/)]);
  });
  after(async () => {
    await Promise.all([proxy?.stop(), client?.stop()]);
    await demo?.stop();
    await closeBrowser();
  });

  for (const mode of ['Direct', 'Via Proxy']) {
    test(`connects ${mode.toLowerCase()}, with OAuth in the page, and calls a tool`, limit, async (t) => {
      const ana = await Person.arrive();
      t.after(() => ana.leave());
      const page = await ana.context.newPage();
      const blocked = [];
      const fetched = new Set();
      page.on('console', (message) => /CORS policy/.test(message.text()) && blocked.push(message.text()));
      page.on('response', (response) => response.url().startsWith(demo.origin) && response.request().resourceType() === 'fetch' && fetched.add(new URL(response.url()).pathname));
      const connect = async () => {
        await page.goto(`${url}/?transport=streamable-http&serverUrl=${encodeURIComponent(demo.todo)}&MCP_PROXY_PORT=${proxyPort}`);
        await page.getByRole('combobox', { name: 'Connection Type' }).click();
        await page.getByRole('option', { name: mode }).click();
        await page.getByRole('button', { name: 'Connect', exact: true }).click();
      };
      await connect();
      await page.waitForURL((at) => at.origin === demo.origin);
      await ana.answer(page, demo.origin);
      await page.getByText('Successfully authenticated with OAuth').first().waitFor();
      if (mode === 'Via Proxy') await connect(); // the callback has made the page forget the port of the proxy
      await page.getByRole('tab', { name: 'Tools' }).click();
      await page.getByRole('button', { name: 'List Tools' }).click();
      await page.getByText('whoami', { exact: true }).first().click();
      await page.getByRole('button', { name: 'Run Tool' }).click();
      await page.getByText(ada.subject).first().waitFor();
      same('what CORS blocked', blocked, []);
      const needed = mode === 'Direct' ? ['/todo/mcp', '/register', '/token', '/.well-known/oauth-authorization-server'] : ['/token', '/.well-known/oauth-authorization-server'];
      for (const path of needed) holds(`fetched by the page ${[...fetched].join(' ')}`, path, fetched.has(path), 'among them');
    });
  }
});
