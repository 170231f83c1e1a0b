// Every rule against its own two examples: it finds what is broken, and only it does; nobody finds anything in what is clean.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULES } from '../../src/audit/rules/index.ts';
import { placeText } from '../../src/report/finding-text.ts';
import type { Finding } from '../../src/results/finding.ts';
import { OBLIGATIONS } from '../../src/protocol/obligations.ts';
import { ruled } from './ruled.ts';

const FILE = 'drivers/toy/toy.c';
const line = (one: Finding): string => `${placeText(one)} ${one.text} [${one.rule}, ${one.confidence}]`;

for (const { header } of RULES) {
  const { id, broken, clean, confidence } = header;
  test(`${id}: finds its broken example, and no other rule is sure of anything there`, (t) => {
    const { findings } = ruled(t, { [FILE]: broken });
    assert.ok(findings.some((one) => one.rule === id && one.confidence === confidence), `not found; found: ${findings.map(line).join('\n')}`);
    assert.deepEqual(findings.filter((one) => one.rule !== id && one.confidence === 'high').map(line), []);
  });

  test(`${id}: nothing of high or medium confidence is found in its clean example`, (t) => {
    const { findings } = ruled(t, { [FILE]: clean });
    assert.deepEqual(findings.filter((one) => one.confidence !== 'low').map(line), []);
  });

  test(`${id}: its header says what it should`, () => {
    assert.match(id, /^[a-z0-9]+(-[a-z0-9]+)+$/);
    for (const [name, text] of Object.entries({ title: header.title, why: header.why, falsePositives: header.falsePositives })) assert.match(text, /\S/, name);
    assert.match(header.source, /SEMANTICS [A-Z]+\d/);
    assert.ok(header.obligation === null || OBLIGATIONS.some((one) => one.id === header.obligation));
    assert.notEqual(broken.trim(), clean.trim());
    for (const c of [broken, clean]) assert.match(c, /\n}\s*$/, 'a whole C file');
  });
}

test('ids are told apart', () => {
  const ids = RULES.map(({ header }) => header.id);
  assert.equal(new Set(ids).size, ids.length);
});
