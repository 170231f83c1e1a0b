// One exporter and one importer as a litmus scenario. Operations, callback, works and revoke are written from what was read in C;
// set-up and teardown come from the profile. What had to be taken for granted is told (issue 3, part 5; SEMANTICS A7, A8, C).

import type { Act, Behaviour, ExporterProfile, ImporterProfile, Place, RevokePath, Test } from '../results/audit.ts';
import { isErrno } from '../protocol/errno.ts';
import { folderOf } from '../source/lexical.ts';
import { canSucceed, comesTo, comment, emit, type Words } from './emit.ts';
import { actsOf } from './unmaps.ts';

export interface Lifted {
  /** Litmus text. */
  readonly text: string;
  readonly assumptions: readonly string[];
  /** The open conditions, in the order of their names g1, g2, … */
  readonly unknowns: readonly { readonly text: string; readonly at: Place }[];
  /** Where each errno of an operation stands, by operation and errno. */
  readonly refusals: readonly { readonly at: string; readonly errno: string; readonly place: Place }[];
}

/** At most so many open conditions; the further ones are taken on the side that does less, and told. */
const MOST_UNKNOWNS = 4;

export interface LiftOptions {
  /** move_notify demands no unmap (before 7.1); invalidate_mappings does, in bounded time. */
  readonly contract: string;
  /** Which of the exporter's revoke paths. */
  readonly revoke: RevokePath | null;
}

export function scenarioOf(exporter: ExporterProfile, importer: ImporterProfile, options: LiftOptions): Lifted {
  return new Lift(exporter, importer, options).make();
}

class Lift {
  private readonly exporter: ExporterProfile;
  private readonly importer: ImporterProfile;
  private readonly options: LiftOptions;
  private readonly assumptions = new Set<string>();
  private readonly unknowns: { text: string; at: Place }[] = [];
  private readonly locks = new Map<string, 'mutex' | 'rwsem'>();
  private readonly refusals: { at: string; errno: string; place: Place }[] = [];

  constructor(exporter: ExporterProfile, importer: ImporterProfile, options: LiftOptions) {
    this.exporter = exporter;
    this.importer = importer;
    this.options = options;
  }

  make(): Lifted {
    const { exporter, importer, options } = this;
    const takes = options.revoke !== null;
    const exporterLines = this.exporterLines();
    const importerLines = this.importerLines();
    const thread = !takes ? [] : exporter.moves ? this.moverLines() : this.revokeLines();
    const contract = exporter.moves ? ['contract MOVE=V2b, STORE=RS2'] : [];
    // Before 7.1 nobody owed an unmap.
    const off = options.contract === 'move_notify' ? ['off P6'] : [];
    const text = [
      'litmus pair',
      `"${exporter.id} exports, ${importer.id} imports."`,
      `source "${exporter.file}:${exporter.line}"`,
      `source "${importer.file}:${importer.line}"`,
      ...contract,
      ...off,
      '',
      ...[...this.locks].map(([name, kind]) => `${kind} ${name};`),
      ...this.unknowns.map(({ at }, index) => `unknown g${index + 1} at "${at.file}:${at.line}";`),
      ...exporterLines,
      'buffer buf of exporter;',
      ...importerLines,
      ...thread,
      '',
    ].join('\n');
    return { text, assumptions: [...this.assumptions], unknowns: this.unknowns, refusals: this.refusals };
  }

  // --- exporter ---

  private exporterLines(): readonly string[] {
    const { exporter, importer } = this;
    const lines: string[] = [];
    const op = (name: 'attach' | 'pin' | 'map', body: Behaviour | null): void => {
      if (body === null) return;
      const inner = emit(body, this.operationWords(name), '    ');
      if (inner.length > 0) lines.push(`  ${name} {`, ...inner, '  }');
      else if (name === 'pin') lines.push('  pin { return 0; }');
    };
    op('attach', exporter.attachBehaviour);
    op('pin', exporter.pinBehaviour);
    if (exporter.pinBehaviour !== null) lines.push('  unpin { return 0; }');
    const own = importer.onlyExporters;
    if (own === null) op('map', exporter.mapBehaviour);
    else lines.push(...this.rangeLines(own));
    return [`exporter exporter {${comment({ file: exporter.file, line: exporter.line, function: '' })}`, ...this.flags().map((flag) => `  bool ${flag};`), ...lines, '}'];
  }

  /** An importer with a way of its own to the exporter's memory: only some exporters know it. */
  private rangeLines(own: NonNullable<ImporterProfile['onlyExporters']>): readonly string[] {
    const row = own.find((one) => one.table === this.exporter.ops);
    const [first] = own;
    if (row !== undefined || first === undefined) {
      this.assumptions.add('the physical range that the importer takes instead of a mapping is written as a mapping');
      return this.exporter.revokedFirst === null ? [] : [`  map { if (${this.flagName(this.exporter.revokedFirst)}) return -ENODEV; }`];
    }
    this.refusals.push({ at: 'map', errno: first.errno, place: first.at });
    return [`  map { return -${first.errno}; }${comment(first.at)}`];
  }

  private flags(): readonly string[] {
    const fields = new Set<string>();
    const visit = (root: Behaviour | null): void => {
      const seen = new Set<Behaviour>();
      const into = (one: Behaviour): void => {
        if (seen.has(one)) return;
        seen.add(one);
        if (one.kind === 'act') {
          if (one.act.do === 'set') fields.add(one.act.field);
          into(one.next);
        }
        if (one.kind === 'branch') {
          if (one.test.is === 'flag') fields.add(one.test.field);
          into(one.yes);
          into(one.no);
        }
      };
      if (root !== null) into(root);
    };
    const { exporter } = this;
    [exporter.attachBehaviour, exporter.pinBehaviour, exporter.mapBehaviour].forEach(visit);
    if (this.options.revoke !== null && !exporter.moves) visit(this.options.revoke.behaviour);
    if (exporter.revokedFirst !== null) fields.add(exporter.revokedFirst);
    return [...new Set([...fields].map((field) => this.flagName(field)))];
  }

  /** The flag on which map refuses is the one that the language calls `revoked`. */
  private flagName(field: string): string {
    const inMap = this.exporter.refuses.find((one) => one.at === 'map' && new RegExp(`(?:->|\\.)${field}\\b`).test(one.when));
    return inMap !== undefined ? 'revoked' : field === 'revoked' ? 'revoked_flag' : `flag_${field}`;
  }

  private operationWords(name: 'attach' | 'pin' | 'map'): Words {
    return {
      act: () => null,
      test: (test, at, yes, no) => {
        switch (test.is) {
          case 'peer2peer':
            return 'peer2peer(att)';
          case 'revocable':
            return 'dma_buf_attach_revocable(att)';
          case 'dynamic':
            return 'dynamic(att)';
          case 'flag':
            return this.flagName(test.field);
          default: {
            // A refusal that hangs on something else than the contract: the pair is judged where it is let in.
            const [good, bad] = [canSucceed(yes), canSucceed(no)];
            if (good !== bad) this.assumptions.add(`${name} does not refuse for ${test.is === 'unknown' ? test.text : test.is} (${at.file}:${at.line})`);
            return good || !bad;
          }
        }
      },
      end: (returns) => {
        if (!returns.startsWith('-')) return '';
        const errno = returns.slice(1);
        const fact = this.exporter.refuses.find((one) => one.at === name && one.errno === errno);
        if (fact !== undefined) this.refusals.push({ at: name, errno, place: fact });
        return `return -${isErrno(errno) ? errno : 'EINVAL'};`;
      },
    };
  }

  // --- importer ---

  private importerLines(): readonly string[] {
    const { importer } = this;
    const head = comment({ file: importer.file, line: importer.line, function: '' });
    if (importer.class === 'static') return [`importer importer: static of buf;${head}`];
    const peer = importer.peer2peer ? [] : ['  no_peer2peer;'];
    if (importer.behaviour === null || importer.unmaps === null || (importer.class === 'pinned' || importer.class === 'unprotected')) {
      const plain = importer.class === 'pinned' ? 'pinned' : 'hole';
      return [`importer importer: ${plain} of buf {${head}`, ...(plain === 'hole' ? ['  unfenced;'] : []), ...peer, '}'];
    }
    const { behaviour } = importer;
    const all = [behaviour, ...importer.works.map((one) => one.behaviour)];
    const isFenced = actsOf(all).some(({ act }) => act.do === 'wait-fences' || act.do === 'wait-fence' || act.do === 'add-fence') || testsIdle(all) || (importer.addsFences && !actsOf(all).some(({ act }) => act.do === 'stop-device'));
    const works = importer.works.filter((one) => actsOf(all).some(({ act }) => act.do === 'queue-work' && act.runs === one.name));
    const words = this.callbackWords(isFenced, new Set(works.map((one) => one.name)));
    const workLines = works.flatMap((one) => {
      const body = untwice(emit(one.behaviour, words, '    '));
      const locks = actsOf([one.behaviour]).some(({ act }) => act.do === 'resv-lock' && act.own);
      return [`  work ${workName(one.name)} {`, ...(locks ? [] : ['    dma_resv_lock(buf);']), ...body, ...(locks ? [] : ['    dma_resv_unlock(buf);']), '  }'];
    });
    const callback = untwice(emit(behaviour, words, '    '));
    if (isFenced) this.assumptions.add('each job of the importer has a fence at BOOKKEEP, which its hardware signals');
    return [
      `importer importer of buf {${head}`,
      ...peer,
      ...(isFenced ? ['  fence job by hardware;'] : []),
      ...this.appLines(isFenced, works.map((one) => one.name)),
      '  invalidate_mappings {',
      ...callback,
      '  }',
      ...workLines,
      '}',
    ];
  }

  private appLines(isFenced: boolean, works: readonly string[]): readonly string[] {
    if (works.length > 0) this.assumptions.add('teardown waits for the works that the callback queued');
    const { importer } = this;
    const { pins } = importer;
    const site = comment({ file: importer.file, line: importer.line, function: '' });
    const mapSite = importer.maps[0] === undefined ? '' : comment(importer.maps[0]);
    return [
      '  thread app: user {',
      '    ioctl IMPORT {',
      `      ret = dma_buf_dynamic_attach(att);${site}`,
      '      if (ret) return ret;',
      '      dma_resv_lock(buf);',
      ...(pins ? ['      ret = dma_buf_pin(att);', '      if (ret) {', '        dma_resv_unlock(buf);', '        dma_buf_detach(att);', '        return ret;', '      }'] : []),
      `      ret = dma_buf_map_attachment(map);${mapSite}`,
      '      if (ret) {',
      ...(pins ? ['        dma_buf_unpin(att);'] : []),
      '        dma_resv_unlock(buf);',
      '        dma_buf_detach(att);',
      '        return ret;',
      '      }',
      '      dma_resv_wait_timeout(buf, KERNEL);',
      ...(isFenced ? ['      dma_resv_reserve_fences(buf, 1);', '      submit_job(map, job);', '      dma_resv_add_fence(buf, job, BOOKKEEP);'] : ['      submit_job(map);']),
      '      dma_resv_unlock(buf);',
      '    }',
      '    ioctl CLOSE {',
      '      if (listed(att)) {',
      ...works.map((name) => `        flush_work(${workName(name)});`),
      ...(isFenced ? ['        dma_fence_wait(job);'] : ['        stop_hw(map);']),
      '        dma_resv_lock(buf);',
      '        if (live(map)) dma_buf_unmap_attachment(map);',
      ...(pins ? ['        if (pinned(att)) dma_buf_unpin(att);'] : []),
      '        dma_resv_unlock(buf);',
      '        dma_buf_detach(att);',
      '      }',
      '    }',
      '  }',
    ];
  }

  private callbackWords(isFenced: boolean, works: ReadonlySet<string>): Words {
    const { importer } = this;
    const neverMaps = importer.maps.length === 0;
    return {
      act: (act, at) => {
        switch (act.do) {
          case 'unmap':
            return [act.unlocked ? 'dma_buf_unmap_attachment_unlocked(map);' : UNMAP];
          case 'map':
            this.assumptions.add(`a new mapping made in the callback is not followed (${at.file}:${at.line})`);
            return null;
          case 'unpin':
            return ['if (pinned(att)) dma_buf_unpin(att);'];
          case 'pin':
            return ['dma_buf_pin(att);'];
          case 'wait-fences':
            return [`dma_resv_wait_timeout(buf, ${act.usage}${act.timeout ? ', timeout' : ''});`];
          case 'wait-fence':
            return isFenced ? ['dma_fence_wait(job);'] : null;
          case 'queue-work':
            return works.has(act.runs) ? [`queue_work(${workName(act.runs)});`] : null;
          case 'flush-work':
            return works.has(act.runs) ? [`flush_work(${workName(act.runs)});`] : null;
          case 'stop-device':
            if (isFenced && act.assumed) return null;
            if (act.assumed) this.assumptions.add(`the device no longer accesses the memory when ${act.call}() has returned (${at.file}:${at.line})`);
            return neverMaps && !act.assumed ? ['stop_hw(map);', 'if (live(map)) dma_buf_unmap_attachment(map);'] : ['stop_hw(map);'];
          case 'lock':
          case 'unlock':
            return this.lockWords(act, 'importer');
          case 'resv-lock':
            return act.own ? ['dma_resv_lock(buf);'] : null;
          case 'resv-unlock':
            return act.own ? ['dma_resv_unlock(buf);'] : null;
          default:
            return null;
        }
      },
      test: (test, at) => {
        switch (test.is) {
          case 'mapped':
            return 'live(map)';
          case 'idle':
            return `idle(buf, ${test.usage})`;
          case 'peer2peer':
            return importer.peer2peer;
          case 'unknown':
          case 'flag': {
            const text = test.is === 'flag' ? test.field : test.text;
            const known = this.unknowns.findIndex((one) => one.text === text && one.at.file === at.file && one.at.line === at.line);
            if (known !== -1) return `g${known + 1}`;
            if (this.unknowns.length >= MOST_UNKNOWNS) {
              this.assumptions.add(`not searched: ${text} is taken to be false (${at.file}:${at.line})`);
              return false;
            }
            this.unknowns.push({ text, at });
            return `g${this.unknowns.length}`;
          }
          default:
            return true;
        }
      },
      end: () => '',
    };
  }

  private lockWords(act: Act & { readonly do: 'lock' | 'unlock' }, side: 'exporter' | 'importer'): readonly string[] | null {
    if (act.lock === 'spinlock') return null;
    // Locks of two drivers are two locks, whatever they are called.
    const isOne = folderOf(this.exporter.file) === folderOf(this.importer.file);
    const name = isOne ? act.object : `${side}_${act.object}`;
    const kind = act.lock === 'mutex' ? 'mutex' : 'rwsem';
    if ((this.locks.get(name) ?? kind) !== kind) return null;
    this.locks.set(name, kind);
    const call = act.lock === 'mutex' ? (act.do === 'lock' ? 'mutex_lock' : 'mutex_unlock') : act.lock === 'rwsem-read' ? (act.do === 'lock' ? 'down_read' : 'up_read') : act.do === 'lock' ? 'down_write' : 'up_write';
    return [`${call}(${name});`];
  }

  // --- taking back ---

  private moverLines(): readonly string[] {
    const site = this.options.revoke;
    this.assumptions.add('the mover holds the reservation, refuses while pinned, and copies behind every fence (SEMANTICS C3)');
    return [
      'thread mover: kernel {',
      '  dma_resv_lock(buf);',
      '  if (pins(buf) == 0) {',
      `    dma_buf_invalidate_mappings(buf);${site === null ? '' : comment(site)}`,
      '    move_storage(buf);',
      '  }',
      '  dma_resv_unlock(buf);',
      '}',
    ];
  }

  private revokeLines(): readonly string[] {
    const { revoke } = this.options;
    if (revoke === null) return [];
    const counts = countOf(this.exporter);
    let hasCalled = false;
    let isRearmed = false;
    const held: (Act & { readonly do: 'unlock' })[] = [];
    const words: Words = {
      act: (act, at) => {
        switch (act.do) {
          case 'resv-lock':
            return act.own ? ['dma_resv_lock(buf);'] : null;
          case 'resv-unlock':
            return act.own ? ['dma_resv_unlock(buf);'] : null;
          case 'set':
            return [`exporter.${this.flagName(act.field)} = ${act.value ? 'true' : 'false'};`];
          case 'invalidate':
            hasCalled = true;
            return ['dma_buf_invalidate_mappings(buf);'];
          case 'wait-fences':
            return [`dma_resv_wait_timeout(buf, ${act.usage}${act.timeout ? ', timeout' : ''});`];
          case 'completion-wait':
            if (counts !== null && counts.completion !== act.object) {
              this.assumptions.add(`the wait for ${act.object} is not for unmaps (${at.file}:${at.line})`);
              return null;
            }
            if (counts === null) {
              this.assumptions.add(`mappings are not counted: the wait for ${act.object} waits for nothing (${at.file}:${at.line})`);
              return null;
            }
            return [`wait_for_unmap(buf${act.timeout ? ', timeout' : ''});`];
          case 'count-init':
          case 'completion-init':
            if (!hasCalled || isRearmed || counts === null) return null;
            isRearmed = true;
            return ['rearm_mappings(buf);'];
          case 'lock':
          case 'unlock': {
            const lines = this.lockWords(act, 'exporter');
            if (lines !== null && act.do === 'lock') held.push({ ...act, do: 'unlock' });
            if (lines !== null && act.do === 'unlock') held.splice(held.findLastIndex((one) => one.object === act.object), 1);
            return lines;
          }
          default:
            return null;
        }
      },
      test: (test, at, yes, no) => {
        if (test.is === 'flag') return `exporter.${this.flagName(test.field)}`;
        const calls = (one: Behaviour): boolean => comesTo(one, (act) => act.do === 'invalidate');
        if (calls(yes) !== calls(no)) {
          this.assumptions.add(`the revoke is not left out for ${textOf(test)} (${at.file}:${at.line})`);
          return calls(yes);
        }
        // Behind the callbacks: the side that waits less.
        const waits = (one: Behaviour): number => Number(comesTo(one, (act) => act.do === 'wait-fences')) + Number(comesTo(one, (act) => act.do === 'completion-wait'));
        this.assumptions.add(`${textOf(test)} is taken on the side that waits less (${at.file}:${at.line})`);
        return waits(yes) < waits(no);
      },
      end: () => '',
    };
    const body = emit(revoke.behaviour, words, '  ');
    const left = [...held].reverse().flatMap((act) => (this.lockWords(act, 'exporter') ?? []).map((line) => `  ${line}`));
    return ['thread revoke: kernel {', ...body, '  device_off(exporter);', ...left, '}'];
  }
}

const UNMAP = 'if (live(map)) dma_buf_unmap_attachment(map);';

/** Where the code asks whether it is mapped, the scenario need not ask again. */
function untwice(lines: readonly string[]): readonly string[] {
  const depths: number[] = [];
  return lines.map((line) => {
    const depth = line.length - line.trimStart().length;
    while (depths.length > 0 && depth <= (depths[depths.length - 1] ?? 0)) depths.pop();
    if (line.trimStart().startsWith('if (live(map)) {')) depths.push(depth);
    return depths.length > 0 ? line.replace(UNMAP, 'dma_buf_unmap_attachment(map);') : line;
  });
}

const workName = (fn: string): string => `work_${fn}`;

const textOf = (test: Test): string => (test.is === 'unknown' ? test.text : test.is === 'flag' ? test.field : test.is);

function testsIdle(all: readonly Behaviour[]): boolean {
  const seen = new Set<Behaviour>();
  const visit = (one: Behaviour): boolean => {
    if (seen.has(one)) return false;
    seen.add(one);
    if (one.kind === 'act') return visit(one.next);
    return one.kind === 'branch' && (one.test.is === 'idle' || visit(one.yes) || visit(one.no));
  };
  return all.some(visit);
}

/** The count of live mappings, and the completion that its last put signals; null where map and unmap do not keep one. */
function countOf(exporter: ExporterProfile): { readonly object: string; readonly completion: string } | null {
  const gets = new Set(exporter.mapBehaviour === null ? [] : actsOf([exporter.mapBehaviour]).flatMap(({ act }) => (act.do === 'count-get' ? [act.object] : [])));
  const unmap = exporter.unmapBehaviour === null ? [] : actsOf([exporter.unmapBehaviour]);
  const completed = unmap.flatMap(({ act }) => (act.do === 'complete' ? [act.object] : []))[0];
  // The put completes, or its caller does, or the count itself is waited for.
  const puts = unmap.flatMap(({ act }) => (act.do === 'count-put' ? [{ object: act.object, completion: act.completes ?? completed ?? act.object }] : []));
  return puts.find((one) => gets.has(one.object)) ?? null;
}
