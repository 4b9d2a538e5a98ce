// inspector.test.mjs: the MCP Inspector of today, its command line and its web page.

import { after, before, describe, test } from 'node:test';
import { closeBrowser, Person } from './lib/browser.mjs';
import { matches, same } from './lib/check.mjs';
import { ada, startDemo } from './lib/demo.mjs';
import { Child, freePort, freshDir } from './lib/process.mjs';
import { todoTools } from './lib/sdk-scenarios.mjs';

const limit = { timeout: 120_000 };
const launcher = new URL('node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js', import.meta.url).pathname;

describe('MCP Inspector 2', { concurrency: false }, () => {
  let demo, ana;
  before(async () => {
    demo = await startDemo();
    ana = await Person.arrive();
  });
  after(async () => {
    await ana?.leave();
    await demo?.stop();
    await closeBrowser();
  });

  const environment = (home) => ({
    ...process.env, HOME: home, BROWSER: '/bin/true', MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'file', NO_COLOR: '1',
  });

  /** cli runs one command of the Inspector; the person answers if it asks. It returns the JSON it prints. */
  async function cli(t, home, url, port, args, authorizes) {
    const inspector = new Child(process.execPath, [
      launcher, '--cli', '--server-url', url, '--transport', 'http', '--format', 'json', '--callback-url', `http://127.0.0.1:${port}/oauth/callback`, ...args,
    ], { env: environment(home) });
    t.after(() => inspector.stop());
    if (authorizes) {
      const [asked] = await inspector.prints(/https?:\/\/\S+\/authorize\?\S+/);
      await ana.authorize(asked);
    }
    const code = await inspector.exit(60);
    same(`inspector --cli ${args.join(' ')}: exit code (it printed ${inspector.output.slice(-2000)})`, code, 0);
    return JSON.parse(inspector.stdout.slice(inspector.stdout.indexOf('{')));
  }

  for (const [name, url] of [['the root issuer', () => demo.todo], ['a path issuer', () => demo.north.todo]]) {
    test(`the command line connects through ${name} and calls tools`, limit, async (t) => {
      const [home, port] = [freshDir('inspector'), await freePort()];
      const listed = await cli(t, home, url(), port, ['--method', 'tools/list'], true);
      same('tools/list', (listed.result ?? listed).tools.map((tool) => tool.name).sort(), todoTools);
      const called = await cli(t, home, url(), port, ['--method', 'tools/call', '--tool-name', 'whoami'], false);
      matches('tools/call whoami', JSON.stringify(called), new RegExp(ada.subject));
    });
  }

  test('the web page connects and calls a tool', limit, async (t) => {
    const port = await freePort();
    const web = new Child(process.execPath, [launcher, '--web', '--server-url', demo.todo, '--transport', 'http'], {
      env: { ...environment(freshDir('inspector')), CLIENT_PORT: String(port), MCP_AUTO_OPEN_ENABLED: 'false', MCP_SANDBOX_PORT: String(await freePort()) },
    });
    t.after(() => web.stop());
    const [start] = await web.prints(/http:\/\/(?:127\.0\.0\.1|localhost):\d+\S*API_TOKEN=\S+/);
    const page = await ana.context.newPage();
    t.after(() => page.close());
    await page.goto(start);
    await page.getByRole('switch', { name: /Connect or disconnect/ }).click({ force: true });
    await page.waitForURL((at) => at.origin === demo.origin);
    await ana.answer(page, demo.origin);
    await page.getByText('Tools', { exact: true }).first().click();
    await page.getByText('whoami', { exact: true }).first().click();
    await page.getByRole('button', { name: 'Execute Tool' }).click();
    await page.getByText(ada.subject).first().waitFor();
  });
});
