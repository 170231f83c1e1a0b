// A report of findings that holds every case a form must show: with and without a path, low confidence, under #if, known to a baseline, gone, undecided.

import type { Finding, RuleHeader } from '../../src/results/finding.ts';
import type { FindingsReport } from '../../src/results/findings-report.ts';

const header = (id: string, title: string, confidence: RuleHeader['confidence']): RuleHeader => ({
  id, title, confidence, why: 'The buffer stays attached, and its exporter cannot go.', obligation: 'P5', source: 'kernel-doc dma_buf_detach; SEMANTICS C10',
  falsePositives: 'somebody else may detach it.', broken: 'int toy(void)\n{\n\treturn 1;\n}\n', clean: 'int toy(void)\n{\n\treturn 0;\n}\n',
});

export const leak = header('attach-leak', 'An attachment is left behind on an error path', 'high');
export const vague = header('fence-usage-too-low', 'A fence is added at a usage that nobody waits for', 'low');

export const leaked: Finding = {
  file: 'drivers/toy/toy dmabuf.c', line: 42, function: 'toy_import', rule: 'attach-leak', obligation: 'P5', confidence: 'high', ordinal: 0, under: [],
  text: 'the attachment from dma_buf_attach() is not detached where toy_init() fails', anchor: 'return ret;',
  path: [
    { file: 'drivers/toy/toy dmabuf.c', line: 30, function: 'toy_import', text: 'attaches: attach = dma_buf_attach(buf, dev)' },
    { file: 'drivers/toy/toy dmabuf.c', line: 40, function: 'toy_import', text: 'ret is negative' },
  ],
};

export const again: Finding = { ...leaked, line: 55, ordinal: 1, path: [...leaked.path, { file: leaked.file, line: 55, function: 'toy_import', text: 'returns ret' }], under: ['#ifdef CONFIG_TOY'] };

export const low: Finding = { ...leaked, file: 'drivers/toy/job.c', line: 7, function: '', rule: 'fence-usage-too-low', obligation: null, confidence: 'low', text: 'added at READ', anchor: 'x', path: [] };

export const report: FindingsReport = {
  tree: { version: '7.3.4', contract: 'invalidate_mappings' },
  rules: [leak, vague],
  confidence: 'low',
  findings: [leaked, low],
  known: [{ finding: again, reason: 'toy_close() detaches it' }],
  lower: { high: 0, medium: 0, low: 0 },
  baseline: {
    file: 'known.txt',
    gone: [{ identity: 'attach-leak toy_old return;', rule: 'attach-leak', function: 'toy_old', anchor: 'return;', ordinal: 0, file: 'drivers/toy/old.c', reason: 'the core does it' }],
  },
  ledger: [{ file: 'drivers/toy/toy dmabuf.c', line: 90, function: 'toy_ioctl', reason: 'too many states' }, { file: '', line: 0, function: '', reason: 'both sides of each #if are read' }],
  coverage: { functions: 12, undecided: 1 },
};

/** As most runs are: nothing found, no baseline. */
export const nothing: FindingsReport = { ...report, confidence: 'high', findings: [], known: [], lower: { high: 0, medium: 2, low: 1 }, baseline: null, ledger: [], coverage: { functions: 1, undecided: 0 } };
