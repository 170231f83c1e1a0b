// What once was passed over in silence and so held: each is now run, refused, or told in the ledger.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, replay, type Outcome } from '../../src/index.ts';

const outcome = (text: string): string => {
  const answer: Outcome = check(`litmus t\n${text}`);
  return answer.ok ? answer.result.outcome : (answer.diagnostics[0]?.message ?? '');
};

test('a thread in the braces of an exporter runs', () => {
  assert.equal(outcome('exporter card { thread suspend: kernel { assert (false); } }'), 'broken assert');
});

test('a work in the braces of an exporter runs', () => {
  assert.equal(outcome('exporter card { work late { assert (false); } thread t: kernel { queue_work(late); } }'), 'broken assert');
});

test('a buffer has no threads', () => {
  assert.match(outcome('exporter card { }\nbuffer bar of card { thread t: kernel { assert (false); } }'), /a buffer has options only/);
});

test('a goto that leads out of its block is refused', () => {
  assert.match(outcome('bool f; thread t: kernel { repeat (2) { f = true; goto out; } return 0; out: assert (false); }'), /leads out of its ioctl, for or repeat/);
  assert.match(outcome('bool f; thread t: kernel { ioctl A { f = true; goto out; } out: assert (false); }'), /leads out of its ioctl, for or repeat/);
});

test('a break that leads out of an ioctl is refused', () => {
  assert.match(outcome('bool f; thread t: kernel { while (true) { ioctl A { f = true; break; } } }'), /break outside of a loop|'break'/);
});

test('done() is true at the end of a driver\'s own thread, and of one without statements', () => {
  assert.equal(outcome('exporter e: static;\nbuffer b of e;\nimporter gpu: sync of b { idle; }\nalways !done(gpu.app);'), 'broken assert');
  assert.equal(outcome('thread t: kernel { }\nthread u: kernel { assert (done(t)); }'), 'holds');
});

test('a party has neither options nor operations', () => {
  assert.match(outcome('party p { zzz; }\nthread t: kernel { }'), /no option 'zzz'/);
  assert.match(outcome('party p { hello { assert (false); } }\nthread t: kernel { }'), /no operation 'hello'/);
});

test('an exporter without a flag named revoked is told to be unwatched', () => {
  const text = (flag: string): string => `litmus t
exporter card { bool ${flag}; map { if (false) return -ENODEV; } }
buffer bar of card;
importer nic of bar {
  invalidate_mappings { if (live(map)) dma_buf_unmap_attachment(map); }
  thread app: kernel { dma_buf_dynamic_attach(att); dma_buf_map_attachment_unlocked(map); }
}
thread reset: kernel { dma_resv_lock(bar); card.${flag} = true; dma_buf_invalidate_mappings(bar); dma_resv_unlock(bar); }
`;
  const watched = check(text('revoked'));
  assert.ok(watched.ok);
  assert.equal(watched.result.outcome, 'broken P7');
  const unwatched = check(text('closed'));
  assert.ok(unwatched.ok);
  assert.ok(unwatched.result.ledger.assumptions.some((a) => a.includes('P7 is not watched')));
});

test('a story tells which errno a call returned', () => {
  const answer = check(`litmus t
exporter cam { map { return -ENOMEM; } }
buffer bar of cam;
importer nic of bar { thread app: kernel { dma_buf_dynamic_attach(att); ret = dma_buf_map_attachment_unlocked(map); assert (!ret); } }
`);
  assert.ok(answer.ok);
  assert.ok(answer.result.broken[0]?.steps.some((s) => s.c.endsWith(' = -ENOMEM')), answer.result.broken[0]?.steps.map((s) => s.c).join('\n'));
});

test('nothing throws on values of the wrong type', () => {
  const wrong = undefined as unknown as string;
  assert.equal(check(wrong).ok, false);
});

test('an unknown is searched both ways; the token replays under the value that breaks', () => {
  const text = 'litmus t\nunknown busy at "drivers/foo/bar.c:12";\nbool x;\nthread a: kernel { if (busy) x = true; }\nalways !x;\n';
  const answer = check(text);
  assert.ok(answer.ok);
  assert.equal(answer.result.verdict, 'undecided');
  assert.match(answer.result.outcome, /drivers\/foo\/bar\.c:12/);
  const again = replay(text, answer.result.broken[0]?.replay ?? '');
  assert.ok(again.ok && again.result.verdict === 'broken');
});

test('a token that was cut off is told', () => {
  const text = 'litmus t\nbool x;\nthread a: kernel { x = true; }\nalways !x;\n';
  const answer = check(text);
  assert.ok(answer.ok);
  const token = answer.result.broken[0]?.replay ?? '';
  const cut = replay(text, token.slice(0, -2));
  assert.ok(!cut.ok && /not whole/.test(cut.diagnostics[0]?.message ?? ''));
});
