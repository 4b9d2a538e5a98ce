// sdk-v1.test.mjs: the official TypeScript MCP client, version 1.

import { v1 } from './lib/kits.mjs';
import { scenarios } from './lib/sdk-scenarios.mjs';

scenarios(v1);
