// check.test.mjs: `authwright check --login`, with a person in Chromium, and what docs/guides/check.md says of the others.

import { after, before, describe, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { closeBrowser, Person } from './lib/browser.mjs';
import { holds, matches, same } from './lib/check.mjs';
import { startDemo } from './lib/demo.mjs';
import { Guide } from './lib/guide.mjs';
import { Child, freshDir } from './lib/process.mjs';

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

  describe('as the guide says', () => {
    const guide = new Guide('check.md');
    const there = () => [['https://mcp.example.com/mcp', demo.todo]];
    const sh = (script, cwd) => new Child('sh', ['-c', `authwright() { ${binary} "$@"; }\n${script}`], { cwd });

    test('it says first that clients connect, and its status is 0', async () => {
      const child = sh(guide.block('check', there()));
      same(`${child.name}: exit code`, await child.exit(), 0);
      matches('its first line', child.stdout.split('\n')[0], /: clients connect$/);
    });

    test('a program gets the whole report', async () => {
      const dir = freshDir('guide-check');
      same('exit code', await sh(guide.block('report', there()), dir).exit(), 0);
      const report = JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8'));
      same('ok', report.ok, true);
      holds('steps', report.steps, report.steps.length > 5, 'the steps');
    });

    test('every option of its table is one', { timeout: 90_000 }, async () => {
      const options = [...guide.text.matchAll(/^\| `(--[^`]+)`/gm)].map(([, option]) => option);
      same('options', options.map((option) => option.split(' ')[0]), ['--login', '--no-register', '--network', '--json', '--timeout']);
      for (const option of options.filter((each) => each !== '--login')) { // which is above
        const child = new Child(binary, ['check', ...option.split(' '), demo.todo]);
        same(`authwright check ${option}: exit code (it printed ${child.output})`, await child.exit(), 0);
      }
    });

    test('its status is 1 for a fault, with whom it stops and how to mend it, and 2 when it cannot be run', async () => {
      const faulty = new Child(binary, ['check', '--json', `${demo.origin}/nothing`]);
      same('exit code for what is no MCP server', await faulty.exit(), 1);
      const { ok, steps } = JSON.parse(faulty.stdout);
      same('ok', ok, false);
      const [finding] = steps.flatMap((step) => step.findings ?? []);
      for (const member of ['fault', 'level', 'clients', 'fix']) holds(`finding.${member}`, finding, finding?.[member]?.length > 0, 'there');
      same('exit code for what is no address', await new Child(binary, ['check', 'nothing']).exit(), 2);
    });

    test('every block of the page was used', () => {
      same('unused blocks', guide.unused(), []);
    });
  });
});
