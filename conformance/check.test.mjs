// check.test.mjs: `authwright check --login`, with a person in Chromium.

import { after, before, describe, test } from 'node:test';
import { resolve } from 'node:path';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, same } from './lib/check.mjs';
import { startDemo } from './lib/demo.mjs';
import { Child } from './lib/process.mjs';

const binary = resolve(process.env.AUTHWRIGHT_BIN ?? resolve(import.meta.dirname, '../bin/authwright'));

describe('authwright check', { concurrency: false }, () => {
  let demo, ada;
  before(async () => {
    demo = await startDemo();
    ada = await Person.arrive();
  });
  after(async () => {
    await ada?.leave();
    await demo?.stop();
    await closeBrowser();
  });

  test('a login, a tool, a refresh, a step up and a revocation, and nothing to say against the demo', { timeout: 90_000 }, async () => {
    const child = new Child(binary, ['check', '--login', '--no-browser', '--json', demo.todo]);
    let from = 0;
    for (const round of ['the login', 'the step up']) {
      const [, page] = await child.prints(/Visit this address and log in:\s+(\S+)\n/, { from });
      from = child.output.lastIndexOf(page) + page.length;
      await ada.authorize(page);
      holds(round, ada.seen, ada.seen.length > 0, 'pages for the person');
    }
    same('authwright check --login: exit code', await child.exit(), 0);
    const report = JSON.parse(child.stdout);
    same('findings', report.steps.flatMap((s) => s.findings ?? []), []);
    same('steps left out', report.steps.filter((s) => s.skipped), []);
    const saw = report.steps.flatMap((s) => s.saw ?? []);
    for (const what of [/^called (whoami|list_items)$/, / needs todo\.read todo\.write$/, /^the grant is revoked$/]) {
      holds(`saw ${what}`, saw, saw.some((text) => what.test(text)), 'seen');
    }
  });
});
