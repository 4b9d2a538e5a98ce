// guide-fastmcp.test.mjs does what docs/guides/fastmcp.md says, command by command.

import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { join, resolve } from 'node:path';
import { closeBrowser, Person } from './lib/browser.mjs';
import { has, holds, matches, same } from './lib/check.mjs';
import { ada, recheck, startDemo } from './lib/demo.mjs';
import { Guide } from './lib/guide.mjs';
import { Host } from './lib/host.mjs';
import { v2 } from './lib/kits.mjs';
import { mcp, refused } from './lib/mcp.mjs';
import { postForm } from './lib/oauth.mjs';
import { Child, freePort, freshDir } from './lib/process.mjs';
import { until } from './lib/until.mjs';

const limit = { timeout: 120_000 };
const top = resolve(import.meta.dirname, '..');
const binary = resolve(process.env.AUTHWRIGHT_BIN ?? join(top, 'bin/authwright'));

describe('the guide for FastMCP', { concurrency: false }, () => {
  const guide = new Guide('fastmcp.md');
  let demo, ana, dir, env, other, places, ports, url, server;

  before(async () => {
    execFileSync(join(top, 'python/environment'), { stdio: 'inherit' });
    const port = await freePort();
    url = `http://127.0.0.1:${port}/mcp`;
    other = `127.0.0.1:${await freePort()}`;
    demo = await startDemo({ args: ['--resource', url, '--resource', `http://${other}/api/mcp`] });
    places = [['127.0.0.1:3000', `127.0.0.1:${port}`], ['port=3000', `port=${port}`], ['127.0.0.1:8080', `127.0.0.1:${demo.port}`]];
    ports = [['3000', String(port)]];
    ana = await Person.arrive();
    dir = freshDir('guide-fastmcp');
    mkdirSync(join(dir, 'bin'));
    symlinkSync(binary, join(dir, 'bin/authwright'));
    env = { HOME: process.env.HOME, PATH: `${join(dir, 'bin')}:${join(top, 'python/.venv/bin')}:${process.env.PATH}` };
  });
  after(async () => {
    await ana?.leave();
    await server?.stop();
    await demo?.stop();
    await closeBrowser();
  });

  const sh = (name, more = {}) => new Child('sh', ['-c', guide.block(name, places)], { cwd: dir, env: { ...env, ...more } });
  // protect is server.py as the page leaves it, with what else is said.
  const protect = (more = (text) => text) => {
    const change = (text, [from, to]) => {
      holds('server.py', text, text.includes(from), from);
      return text.replace(from, () => to);
    };
    const tool = /@mcp\.tool\ndef create_item.*?\n\n\n/s.exec(guide.block('server.py'))[0];
    const changes = [['mcp = FastMCP("To-do")\n', guide.block('protected', places)], [tool, `${guide.block('create_item')}\n\n`]];
    writeFileSync(join(dir, 'server.py'), more(changes.reduce(change, guide.block('server.py', places))));
  };
  const serve = async (status, command = 'serve') => {
    await server?.stop();
    server = new Child('sh', ['-c', `exec ${guide.block(command, ports)}`], { cwd: dir, env });
    await until(`${url} answers ${status}`, async () => {
      if (server.code !== undefined) throw server.complain('ended');
      return (await mcp(url)).status === status;
    }, 40);
  };

  test('the server is open at first', limit, async () => {
    writeFileSync(join(dir, 'server.py'), guide.block('server.py', places));
    await serve(200);
  });

  test('the authorization server starts, and takes a resource', limit, async (t) => {
    const port = await freePort();
    const command = guide.block('demo', [['127.0.0.1:8080', `127.0.0.1:${port}`]]);
    const other = new Child('sh', ['-c', `exec ${command}`], { cwd: dir, env });
    t.after(() => other.stop());
    await until('the demo of the guide is ready', async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200);
    const data = join(dir, 'demo-data');
    const operator = {
      AUTHWRIGHT_ISSUER: `http://127.0.0.1:${port}`, AUTHWRIGHT_DATABASE: `sqlite:${join(data, 'authwright.db')}`, AUTHWRIGHT_KEY_FILE: join(data, 'kek'),
    };
    for (const [block, want] of [['resource', /https:\/\/todo\.example\.com\/mcp is there/], ['client', /todo-server/]]) {
      const done = sh(block, operator);
      same(`${done.name}: exit code`, await done.exit(), 0);
      matches(done.name, done.stdout, want);
    }
  });

  test('the package that pip installs is ours', limit, async () => {
    // From this tree, and without asking anybody for what the environment has.
    same('what is installed', guide.block('install'), "pip install 'authwright[fastmcp]'\n");
    const dist = join(dir, 'dist');
    execFileSync('python', ['-m', 'build', '--no-isolation', '--wheel', '--outdir', dist, join(top, 'python')], { env, stdio: 'pipe' });
    const asked = sh('install', {
      PIP_NO_INDEX: '1', PIP_FIND_LINKS: dist, PIP_NO_DEPS: '1', PIP_TARGET: join(dir, 'site'), PIP_DISABLE_PIP_VERSION_CHECK: '1',
    });
    same(`${asked.name}: exit code`, await asked.exit(), 0);
    env.PYTHONPATH = join(dir, 'site');
  });

  test('the server is protected, and says where a token is to be had', limit, async () => {
    protect();
    await serve(401);
    const curl = sh('curl');
    await curl.exit();
    const lines = curl.stdout.split('\n').map((line) => line.trim());
    matches(curl.name, lines[0], /^HTTP\/1\.1 401 /);
    has(curl.name, lines, guide.block('challenge', places).trim());
    const check = sh('check');
    same(`${check.name}: exit code`, await check.exit(), 0);
  });

  test('a client logs in, and steps up for the tool that needs more', limit, async (t) => {
    const host = await Host.start(v2, url, ana);
    t.after(() => host.close());
    await host.connect();
    holds('callTool(list_items)', await host.call('list_items'), true, 'an answer');
    same('authorizations opened', host.provider.opened.length, 1);
    matches('callTool(create_item)', await host.call('create_item', { title: 'buy milk' }), new RegExp(`buy milk \\(${ada.subject}\\)`));
    same('authorizations opened', host.provider.opened.length, 2);
  });

  test('with introspection, a token that was revoked stops working', limit, async (t) => {
    const line = guide.block('introspection');
    protect((text) => `from authwright import Introspection\n${text.replace('    implies=', () => `${line}    implies=`)}`);
    await serve(401);
    const host = await Host.start(v2, url, ana);
    t.after(() => host.close());
    await host.connect();
    const { access_token, refresh_token } = host.provider.saved;
    await postForm(`${demo.issuer}/revoke`, { token: refresh_token, client_id: host.provider.client.client_id });
    await refused(url, access_token, recheck + 3);
  });

  test('a test of a tool says who calls', limit, async () => {
    writeFileSync(join(dir, 'test_server.py'), guide.block('test_server.py'));
    const run = new Child('python', ['-c', 'import asyncio, test_server; asyncio.run(test_server.test_create_item())'], { cwd: dir, env });
    same(`${run.name}: exit code`, await run.exit(), 0);
  });

  test('under uvicorn, and in an application of its own, it is protected as before', limit, async () => {
    protect((text) => text.replace('\nif __name__', '\napp = mcp.http_app()\n\n\nif __name__'));
    await serve(401, 'uvicorn');
    protect((text) => text.replace(url, `http://${other}/api/mcp`));
    holds('the page', guide.text, guide.text.includes('http://127.0.0.1:3000/api/mcp'), 'the resource of the application');
    writeFileSync(join(dir, 'api.py'), guide.block('api.py'));
    const command = guide.block('uvicorn', [['server:app', 'api:app'], ['3000', other.split(':')[1]]]);
    const api = new Child('sh', ['-c', `exec ${command}`], { cwd: dir, env });
    try {
      await until(`${other} answers`, async () => (await mcp(`http://${other}/api/mcp`)).status === 401, 40);
      same('/me without a token', (await fetch(`http://${other}/me`)).status, 401);
      const check = new Child('authwright', ['check', `http://${other}/api/mcp`], { env });
      same(`${check.name}: exit code`, await check.exit(), 0);
    } finally {
      await api.stop();
    }
  });

  test('every block of the page was used', () => {
    same('unused blocks', guide.unused(), []);
  });
});
