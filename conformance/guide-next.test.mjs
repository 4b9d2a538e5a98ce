// guide-next.test.mjs does what docs/guides/next.md says, command by command.

import { same } from './lib/check.mjs';
import { ask, prmURL } from './lib/oauth.mjs';
import { walkthrough } from './lib/walkthrough.mjs';

walkthrough('next', {
  files: { 'route.js': 'app/mcp/route.js' },
  protect(reader) {
    reader.write('resource.js', reader.block('resource.js'));
    reader.write('app/.well-known/oauth-protected-resource/[[...path]]/route.js', reader.block('metadata'));
    reader.change('app/mcp/route.js', /^/, () => reader.block('imports'));
    reader.change('app/mcp/route.js', /^export .*\n/m, () => reader.block('protected'));
  },
  tools: ['app/mcp/route.js', /^}\)\n/m],
  rules: 'resource.js',
  async besides(reader) {
    reader.write('next.config.mjs', reader.block('next.config.mjs'));
    reader.change('resource.js', /\/mcp'/, () => "/app/mcp'");
    reader.url = reader.url.replace(/\/mcp$/, '/app/mcp');
    await reader.serve(401);
    const answer = await ask(prmURL(reader.url));
    same(answer.call, [answer.status, answer.json?.resource], [200, reader.url]);
  },
});
