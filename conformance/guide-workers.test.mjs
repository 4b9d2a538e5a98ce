// guide-workers.test.mjs does what docs/guides/workers.md says, command by command.

import { walkthrough } from './lib/walkthrough.mjs';

walkthrough('workers', {
  files: { 'worker.js': 'worker.js', 'wrangler.jsonc': 'wrangler.jsonc' },
  protect(reader) {
    reader.change('worker.js', /^/, () => reader.block('imports'));
    reader.change('worker.js', /^export default .*\n/m, () => reader.block('protected'));
    reader.change('wrangler.jsonc', /^{\n/, (line) => line + reader.block('vars'));
  },
  tools: ['worker.js', /^  return server\n/m],
  rules: 'worker.js',
  revocation: async (reader) => {
    await reader.does('session-key');
    await reader.does('secret');
  },
  compiled: ['agent'], // by web/node/test/package.test.ts
});
