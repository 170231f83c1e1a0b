// Writes docs/command-line.md from the option table, the tables of docs/litmus.md, and docs/rules from the rules' headers. Run as `npm run docs`.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

register();
const { manual } = await import('../src/cli/manual.ts');
const { withSections } = await import('../src/cli/litmus-manual.ts');
const { rulePages } = await import('../src/cli/rule-pages.ts');
const docs = join(fileURLToPath(new URL('..', import.meta.url)), 'docs');
writeFileSync(join(docs, 'command-line.md'), manual());
const page = join(docs, 'litmus.md');
writeFileSync(page, withSections(readFileSync(page, 'utf8')));
const rules = join(docs, 'rules');
rmSync(rules, { recursive: true, force: true });
mkdirSync(rules);
for (const [name, text] of rulePages()) writeFileSync(join(rules, name), text);
