// run.mjs starts the one browser, runs every *.test.mjs (or the files named) and leaves no process behind.

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { serveBrowser } from './lib/browser.mjs';

const here = import.meta.dirname;
const [wanted, flags] = [process.argv.slice(2).filter((a) => !a.startsWith('-')), process.argv.slice(2).filter((a) => a.startsWith('-'))];
const files = wanted.length > 0
  ? wanted.map((name) => basename(name))
  : readdirSync(here).filter((name) => name.endsWith('.test.mjs')).sort();

const scratch = mkdtempSync(join(tmpdir(), 'authwright-conformance-'));
const browser = await serveBrowser();
// The tests get a process group of their own, so that whatever a client under test started ends with it.
const tests = spawn(process.execPath, [
  '--test', '--test-concurrency=2', '--test-reporter=spec', '--test-timeout=300000', ...flags, ...files,
], {
  cwd: here,
  stdio: ['ignore', 'inherit', 'inherit'],
  detached: true,
  env: {
    ...process.env,
    AUTHWRIGHT_BROWSER: browser.wsEndpoint(),
    AUTHWRIGHT_TEST_TMP: scratch,
    PATH: `${join(here, 'node_modules/.bin')}:${process.env.PATH}`,
  },
});

const endGroup = () => {
  try {
    process.kill(-tests.pid, 'SIGKILL');
  } catch {
    // the group is empty
  }
};
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    endGroup();
    browser.kill().finally(() => process.exit(130));
  });
}
const watchdog = setTimeout(() => {
  console.error('conformance: not done after 20 minutes; ending it');
  endGroup();
}, 20 * 60_000);
const code = await new Promise((resolve) => tests.on('close', (status) => resolve(status ?? 1)));
clearTimeout(watchdog);
endGroup();
await browser.close();
rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
process.exitCode = code;
