// guide-hono.test.mjs does what docs/guides/hono.md says, command by command.

import { walkthrough } from './lib/walkthrough.mjs';

walkthrough('hono', {
  files: { 'server.mjs': 'server.mjs' },
  protect(reader) {
    reader.change('server.mjs', /^/, () => reader.block('imports'));
    reader.change('server.mjs', /^app\.all\('\/mcp', .*\n/m, () => reader.block('protected'));
  },
  tools: ['server.mjs', /^  return server\n/m],
  rules: 'server.mjs',
});
