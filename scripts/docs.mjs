// Writes docs/command-line.md from the option table, and the tables of docs/litmus.md. Run as `npm run docs`.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

register();
const { manual } = await import('../src/cli/manual.ts');
const { withSections } = await import('../src/cli/litmus-manual.ts');
const docs = join(fileURLToPath(new URL('..', import.meta.url)), 'docs');
writeFileSync(join(docs, 'command-line.md'), manual());
const page = join(docs, 'litmus.md');
writeFileSync(page, withSections(readFileSync(page, 'utf8')));
