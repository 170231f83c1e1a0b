// What the static checks let pass; what they refuse stands in errors.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, formatDiagnostic, parse } from '../../src/litmus/index.ts';
import { everything } from './everything.ts';

function problems(text: string): string {
  const parsed = parse(text);
  return (parsed.ok ? check(parsed.scenario) : parsed.diagnostics).map((diagnostic) => formatDiagnostic(text, diagnostic)).join('\n');
}

test('a scenario with every construct is clean', () => {
  assert.equal(problems(everything), '');
});

test('names in scope', () => {
  const head = 'litmus t\nexporter e { bool shut; map { if (shut || listed(att) || live(map) || revoked(buf)) return -EBUSY; } }\nbuffer bar of e;\n';
  const good = [
    'importer gpu of bar { thread a: user { ret = dma_buf_pin(att); dma_buf_unmap_attachment(map); } }',
    'importer gpu of bar { thread a: user { dma_buf_unpin(gpu.att); } }',
    'importer nic[2] of bar { bool s; invalidate_mappings { nic.s = true; stop_hw(nic.map); stop_hw(nic[1].map); } }',
    'importer nic[2] of bar { bool s; }\nthread a: kernel { for (i in nic) { i.s = !i.s; stop_hw(i.map); } }',
    'importer one of bar { bool s; }\nthread a: kernel { for (i in one) i.s = true; }',
    'importer gpu of bar { mapping map; mapping more; thread a: kernel { stop_hw(more); } }',
    'importer gpu: deferred of bar { thread a: kernel { private = other.thing; } }\nalways gpu.anything;',
    'thread a: kernel { dma_resv_lock(bar); dma_resv_unlock(bar.resv); dma_resv_wait_timeout(bar, BOOKKEEP, interruptible, timeout); }',
    'ticket t;\nresv r;\nthread a: kernel { ret = dma_resv_lock(r, t); dma_resv_lock_slow(r, t); }',
    'work w { }\nthread a: kernel { queue_work(w); }\neventually done(a) && !queued(w);',
    'bool shut;\nthread a: kernel { e.shut = shut; vfio_pci_dma_buf_move(e, !shut); }',
  ];
  for (const text of good) assert.equal(problems(head + text), '', text);
});

test('loops that take a step on every way round', () => {
  const good = [
    'while (true) { wait(x); }',
    'while (true) { if (x) x = false; else break; }',
    'while (true) { return; }',
    'while (x) { choose { x = false; } or { x = true; } }',
    'again: x = true; if (x) goto again;',
    'repeat (3) { } goto on; on: x = true;',
    'while (x) { while (true) { atomic { x = false; } break; } x = true; }',
    'while (false) { }',
  ];
  const bad = [
    'while (true) { if (x) x = false; }',
    'while (x) { choose { x = false; } or { } }',
    'while (x) { while (x) { x = false; } }',
    'again: goto again;',
    'while (x) { repeat (2) { if (x) continue; x = true; } }',
  ];
  for (const body of good) assert.equal(problems(`litmus t\nbool x;\nthread a: kernel { ${body} }`), '', body);
  for (const body of bad) assert.match(problems(`litmus t\nbool x;\nthread a: kernel { ${body} }`), /unbounded loop without a step/, body);
});

test('at most twenty problems', () => {
  const text = `litmus t\nthread a: kernel {\n${'  y = true;\n'.repeat(100)}}`;
  const parsed = parse(text);
  assert.ok(parsed.ok);
  assert.equal(check(parsed.scenario).length, 20);
});
