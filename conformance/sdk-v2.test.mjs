// sdk-v2.test.mjs: the official TypeScript MCP client, version 2, which checks `iss` itself.

import { v2 } from './lib/kits.mjs';
import { scenarios } from './lib/sdk-scenarios.mjs';

scenarios(v2);
