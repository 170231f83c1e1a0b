// Stories as printed, judged by a reader and kept: harm, deadlock, hang by a user's fence, an obligation, a refusal.
// UPDATE=1 writes them anew; read what changed before you commit it.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { unlimited } from '../../src/check/index.ts';
import { checkScenario } from '../../src/check/run.ts';
import { parse } from '../../src/litmus/index.ts';
import { plainForm } from '../../src/report/form.ts';
import { textReport } from '../../src/report/text.ts';

const stories = ['debate/stop-v2b-reads-ahead', 'appendix/row-v3-wait-under-lock-deferred', 'sync-file/sync-file-endless', 'obligations/p06-unmap-left-to-user-broken', 'debate/rej-j1-attach'];

for (const name of stories) {
  test(name, () => {
    const file = `litmus/${name}.litmus`;
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    const parsed = parse(text, file);
    assert.ok(parsed.ok);
    const checked = checkScenario(parsed.scenario, file, { limits: unlimited, now: () => 0 });
    assert.ok(checked.ok);
    const printed = textReport([checked.result], plainForm);
    const golden = new URL(`./${name.split('/')[1] ?? name}.txt`, import.meta.url);
    if (process.env['UPDATE'] === '1') writeFileSync(golden, printed);
    assert.equal(printed, readFileSync(golden, 'utf8'));
  });
}
