// A run of the model as tracefs text: calls as probes would show them, and what no probe can show as marks in the log
// ("fencepost: event …", docs/trace.md). `fencepost trace` reads it back.

import { LOCKING } from '../protocol/locking.ts';
import type { ObjectKind } from '../protocol/obligations.ts';
import type { CheckResult } from '../results/verdict.ts';
import type { RunEvent, RunFacts, RunStep } from '../results/run.ts';

/** Nanoseconds would be made up as well: a step a millisecond, a line a microsecond. */
const START = 100;

/** One log a result. A result without a run says so in a comment, which a reader of traces passes over. */
export function ftraceReport(results: readonly CheckResult[]): string {
  return results.map(({ scenario, outcome, run }) => (run === undefined ? `# ${scenario}: ${outcome}: no run to print; --simulate prints one\n` : ftraceText(run))).join('');
}

export function ftraceText(facts: RunFacts): string {
  const printer = new Printer(facts);
  return `# tracer: nop\n#\n#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION\n${printer.all().join('\n')}\n`;
}

class Printer {
  private readonly facts: RunFacts;
  private readonly pointers = new Map<string, string>();
  private readonly tasks = new Map<string, number>();
  private readonly inodes = new Map<string, number>();
  private readonly seqnos = new Map<string, number>();
  private readonly contexts = new Map<string, number>();
  private readonly lines: string[] = [];
  private micro = 0;
  private task = 'model';

  constructor(facts: RunFacts) {
    this.facts = facts;
  }

  all(): readonly string[] {
    this.print(`tracing_mark_write: fencepost: simulated ${this.facts.scenario}`);
    for (const buffer of new Set(Object.values(this.facts.buffers))) this.exported(buffer);
    for (const step of this.facts.steps) this.step(step);
    return this.lines;
  }

  private step(step: RunStep): void {
    this.micro = Math.max(this.micro + 1, step.n * 1000);
    this.task = step.task;
    this.print(`tracing_mark_write: fencepost: step ${step.n} ${step.c}`);
    for (const event of step.events) this.event(event, step);
  }

  private print(text: string): void {
    const pid = this.tasks.get(this.task) ?? this.tasks.size + 100;
    this.tasks.set(this.task, pid);
    const comm = this.task.replace(/[^\w./:[\]]/g, '_').slice(0, 15);
    this.lines.push(`${`${comm}-${pid}`.padStart(23)} [000] ..... ${(START + this.micro / 1e6).toFixed(6).padStart(12)}: ${text}`);
    this.micro++;
  }

  /** Lower case hexadecimal with 0x, one for each name. */
  private pointer(name: string): string {
    const known = this.pointers.get(name) ?? `0xffff8880${(0x100000 + this.pointers.size * 0x400).toString(16).padStart(8, '0')}`;
    this.pointers.set(name, known);
    return known;
  }

  private numbered(numbers: Map<string, number>, name: string): number {
    const known = numbers.get(name) ?? numbers.size + 1;
    numbers.set(name, known);
    return known;
  }

  private enter(name: string, rest: string): void {
    this.print(`${name}__entry: (${name}+0x4/0x100) ${rest}`);
  }

  private leave(name: string, rest: string, caller = 'caller'): void {
    this.print(`${name}__exit: (${caller}+0x44/0x100 <- ${name}) ${rest}`);
  }

  private exported(buffer: string): void {
    const ino = this.numbered(this.inodes, buffer);
    this.enter('dma_buf_export', '');
    this.print(`dma_buf_export: exp_name=${this.facts.exporter} size=65536 ino=${ino}`);
    this.leave('dma_buf_export', `ret=${this.pointer(buffer)}`);
  }

  private bufferOf(importer: string): string {
    return this.facts.buffers[importer] ?? Object.values(this.facts.buffers)[0] ?? 'buffer';
  }

  private mark(kind: string, does: string, names: string): void {
    this.print(`tracing_mark_write: fencepost: event object=${kind} does=${does} ${names}`);
  }

  private event(event: RunEvent, step: RunStep): void {
    switch (event.what) {
      case 'life':
        return this.life(event);
      case 'violation':
        return this.violation(event, step);
      case 'callback': {
        const name = `${word(event.importer)}_invalidate_mappings`;
        const attach = `attach=${this.pointer(`${event.importer}.att`)}`;
        return event.phase === 'enter' ? this.enter(name, attach) : this.leave(name, attach, 'dma_buf_invalidate_mappings');
      }
      case 'invalidate': {
        const dmabuf = `dmabuf=${this.pointer(event.buffer)}`;
        return event.phase === 'enter' ? this.enter('dma_buf_invalidate_mappings', dmabuf) : this.leave('dma_buf_invalidate_mappings', dmabuf);
      }
      case 'lock':
        return this.mark('lock', event.phase, `resv=${this.pointer(event.resv)}`);
      case 'access':
        this.mark('mapping', 'access', this.mappingNames(event.mapping));
        return event.writes ? this.mark('mapping', 'write', this.mappingNames(event.mapping)) : undefined;
    }
  }

  private mappingNames(mapping: string): string {
    return `attach=${this.pointer(`${importerOf(mapping)}.att`)} sgt=${this.pointer(mapping)}`;
  }

  private life({ kind, object, event }: Extract<RunEvent, { readonly what: 'life' }>): void {
    const importer = importerOf(object);
    const buffer = this.bufferOf(importer);
    const attach = `attach=${this.pointer(`${importer}.att`)}`;
    const dmabuf = `dmabuf=${this.pointer(buffer)}`;
    const point = (name: string): void => this.print(`${name}: exp_name=${this.facts.exporter} size=65536 ino=${this.numbered(this.inodes, buffer)} attachment:${this.pointer(`${importer}.att`).slice(2)} is_dynamic=1 dev_name=${word(importer)}`);
    switch (kind) {
      case 'attachment':
        if (event === 'list') {
          this.enter('dma_buf_dynamic_attach', dmabuf);
          point('dma_buf_dynamic_attach');
          return this.leave('dma_buf_dynamic_attach', `${dmabuf} ret=${this.pointer(`${importer}.att`)}`);
        }
        if (event !== 'unlist') return this.mark(kind, event, attach);
        this.enter('dma_buf_detach', `${dmabuf} ${attach}`);
        point('dma_buf_detach');
        return this.leave('dma_buf_detach', `${dmabuf} ${attach}`);
      case 'pin':
        this.enter(`dma_buf_${event}`, `${attach} ${dmabuf}`);
        return this.leave(`dma_buf_${event}`, event === 'pin' ? `${attach} ret=0` : attach);
      case 'mapping': {
        const table = this.pointer(object);
        if (event === 'map' || event === 'map-blocked') {
          this.enter('dma_buf_map_attachment', `${attach} ${dmabuf}`);
          this.leave('dma_buf_map_attachment', `${attach} ret=${table}`);
          return this.mark(kind, event, this.mappingNames(object));
        }
        if (event !== 'unmap') return this.mark(kind, event, this.mappingNames(object));
        this.enter('dma_buf_unmap_attachment', `${attach} ${dmabuf} sgt=${table}`);
        return this.leave('dma_buf_unmap_attachment', attach);
      }
      case 'buffer':
        return this.mark(kind, event, `dmabuf=${this.pointer(object)}`);
      case 'fence':
        return this.fence(object, event);
      default:
        return this.mark(kind, event, `name=${word(object)}`);
    }
  }

  private fence(name: string, event: string): void {
    const context = this.numbered(this.contexts, name);
    const seqno = (this.seqnos.get(name) ?? 0) + (event === 'arm' ? 1 : 0);
    this.seqnos.set(name, seqno);
    const names = `driver=${word(importerOf(name))} timeline=${word(name)} context=${context} seqno=${seqno}`;
    if (event === 'add') return this.enter('dma_resv_add_fence', `fence=${this.pointer(name)} usage=3 context=${context} seqno=${seqno}`);
    this.print(`${{ arm: 'dma_fence_init', signal: 'dma_fence_signaled', free: 'dma_fence_destroy' }[event] ?? event}: ${names}`);
  }

  /** The call that broke it, unless the life of its object shows it already: behind a fatal violation nothing moves. */
  private call(object: string, { step, events }: RunStep): void {
    const importer = importerOf(object);
    const does = step === null ? undefined : CALLS[step];
    if (does === undefined) return;
    const isAttachment = /\.(att|pin)$/.test(object);
    if (step === 'detach' && isAttachment) this.mark('pin', 'detach', `attach=${this.pointer(`${importer}.att`)}`);
    const [kind, event] = isAttachment && does[0] === 'mapping' ? (['pin', does[1] === 'map' ? 'pin' : 'unpin'] as const) : does;
    const name = kind === 'attachment' ? `${importer}.att` : kind === 'pin' ? `${importer}.pin` : kind === 'mapping' && isAttachment ? `${importer}.map` : object;
    if (events.some((one) => one.what === 'life' && one.kind === kind && importerOf(one.object) === importer)) return;
    this.life({ what: 'life', kind, object: name, event });
  }

  /** What broke the obligation, where no line of its own shows it. */
  private violation({ obligation, code, object }: Extract<RunEvent, { readonly what: 'violation' }>, step: RunStep): void {
    const importer = importerOf(object);
    const attach = `attach=${this.pointer(`${importer}.att`)}`;
    if (obligation !== code) return;
    switch (code) {
      case 'P5':
      case 'P7':
      case 'P13':
      case 'UF':
        return this.call(object, step);
      case 'P9':
        return this.fence(object, 'free');
      case 'P3':
        return this.mark('mapping', /reassign/.test(step.c) ? 'reassign' : /recycle|free|move/.test(step.c) ? 'recycle-early' : 'decode-off', this.mappingNames(object));
      case 'P4':
        return this.mark('attachment', /invalidate/.test(step.c) ? 'callback' : 'use', attach);
      case 'P8': {
        const name = /([a-z]\w+)\(/.exec(step.c)?.[1];
        const needs = LOCKING.find(({ call }) => call === name)?.resv === 'free' ? 'call-needs-free' : name === 'dma_resv_unlock' ? 'unlock' : 'call-needs-held';
        return this.mark('lock', needs, `resv=${this.pointer(this.facts.locks.includes(object) ? object : (this.facts.locks[0] ?? object))}`);
      }
      case 'P11':
        return this.mark('pin', 'move', attach);
      case 'P14':
        return this.mark('kref', /unmap|put/.test(step.c) ? 'put' : 'get', `name=${word(object)}`);
      default:
        return;
    }
  }
}

/** Steps of the vocabulary as events in a life. */
const CALLS: Readonly<Record<string, readonly [kind: ObjectKind, event: string]>> = {
  attach: ['attachment', 'list'], detach: ['attachment', 'unlist'], pin: ['pin', 'pin'], unpin: ['pin', 'unpin'], map: ['mapping', 'map'], unmap: ['mapping', 'unmap'],
};

const importerOf = (object: string): string => object.replace(/\.[^.]*$/, '');
const word = (text: string): string => text.replace(/[^\w.[\]/:-]/g, '_');
