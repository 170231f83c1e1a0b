// Writes docs/command-line.md from the option table. Run as `npm run docs`.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

register();
const { manual } = await import('../src/cli/manual.ts');
writeFileSync(join(fileURLToPath(new URL('..', import.meta.url)), 'docs', 'command-line.md'), manual());
