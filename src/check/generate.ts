// Generates the JavaScript that expands states: successors of a batch of packed states, their hashes, and their insertion
// in an open-addressing table. Steps stand in functions of about 15: one large function is no longer optimised by V8,
// one function a step is more than twice as slow. Successors are gathered first and inserted together, so that the
// table's memory is asked for ahead of the probe. Nothing is allocated while it runs.

import type { Expr, Step, System } from '../model/system.ts';
import { eachRead, eachWrite } from './expression.ts';
import type { Layout } from './layout.ts';
import { conditionText, effectText, valueText } from './render.ts';
import type { Renderer } from './render.ts';

/** Called at each violation: `step` is a step id, or -1 - invariant index; `base` the offset of the state in the store. */
export type OnViolation = (violation: number, step: number, base: number) => void;

export interface Engine {
  /** Successors of the last batch, packed; filled up to the number that `expand` returned. */
  readonly batch: Int32Array;
  /** The step that led to each; `~step` where it ended in a fatal violation and there is no successor. Step `steps` (one too many) marks a fatal invariant. */
  readonly taken: Int32Array;
  readonly hashes: Int32Array;
  /** Index of each successor, after `insert`; -1 where there is none. */
  readonly targets: Int32Array;
  /** For each expanded state of the batch, the number of successors up to and including its own. */
  readonly ends: Int32Array;
  /** [next state to expand, fatal invariants in this batch, states in this batch, unused]. */
  readonly cursor: Int32Array;
  /** By step id: taken at least once. */
  readonly covered: Uint8Array;
  /** By witness id: reached. */
  readonly witnessed: Uint8Array;
  /** Most successors that one call of `expand` may write. */
  readonly batchLimit: number;
  /** Expands states from index `from`, until the batch is full or `to` is reached. Returns the number of successors. */
  readonly expand: (store: Int32Array, from: number, to: number) => number;
  /** Makes the successors canonical (under symmetry), hashes them, and touches their slots. */
  readonly settle: (count: number, table: Int32Array, mask: number) => void;
  /** Inserts the batch. Returns the number of states in the store. There must be room for all. */
  readonly insert: (count: number, table: Int32Array, mask: number, store: Int32Array, states: number) => number;
  /** Fills an empty table with the states of a store. */
  readonly rehash: (table: Int32Array, mask: number, store: Int32Array, states: number) => void;
  /** As `insert`, beside other threads. `block` holds the next free index and the end of those in hand; more are taken from `control[4]`. */
  readonly insertShared: (count: number, table: Int32Array, mask: number, store: Int32Array, control: Int32Array, block: Int32Array) => void;
  /** Inserts states `from` … `to` - 1 of a store into a table that other threads fill as well. */
  readonly rehashShared: (table: Int32Array, mask: number, store: Int32Array, from: number, to: number) => void;
  /** Bits of `System.pending` 31 * part … that hold in a state. */
  readonly holding: (store: Int32Array, base: number, part: number) => number;
  /** Characters of the generated code. */
  readonly size: number;
}

/** Store indices that a thread takes at once. */
export const sharedBlock = 256;
const stepsPerFunction = 15;
const batchStates = 512;
const mostUnrolledWords = 6;

/** Where coverage is written, if it is to be shared between threads. */
export interface Coverage {
  readonly covered: Uint8Array;
  readonly witnessed: Uint8Array;
}

export function generate(system: System, layout: Layout, onViolation: OnViolation, shared?: Coverage): Engine {
  const most = batchStates + system.steps.length + 1;
  const batch = new Int32Array(most * layout.words);
  const taken = new Int32Array(most);
  const hashes = new Int32Array(most);
  const targets = new Int32Array(most);
  const ends = new Int32Array(batchStates);
  const cursor = new Int32Array(4);
  const covered = shared?.covered ?? new Uint8Array(system.steps.length + 1);
  const witnessed = shared?.witnessed ?? new Uint8Array(system.witnesses.length);
  const code = programText(system, layout);
  const factory = new Function('B', 'T', 'H', 'G', 'C', 'R', 'V', 'Y', 'X', code) as (...parts: unknown[]) => Pick<Engine, 'expand' | 'settle' | 'insert' | 'rehash' | 'insertShared' | 'rehashShared' | 'holding'>;
  const functions = factory(batch, taken, hashes, targets, ends, cursor, covered, witnessed, onViolation);
  return { batch, taken, hashes, targets, ends, cursor, covered, witnessed, batchLimit: most, ...functions, size: code.length };
}

/** The whole generated program; exported for the tests and for workers. */
export function programText(system: System, layout: Layout): string {
  const r: Renderer = { system, layout, tables: [] };
  const functions: string[] = [];
  const calls = expansion(r, functions);
  const parts = [
    copyText(layout),
    ...functions,
    inspectText(r),
    expandText(system, layout, calls),
    holdingText(r),
    settleText(layout),
    insertText(layout),
    rehashText(layout),
    sharedText(layout),
    'return{expand,settle,insert,rehash,insertShared,rehashShared,holding};',
  ];
  const tables = r.tables.map((text, i) => `const t${i}=${text};`);
  return `'use strict';${tables.join('')}${parts.join('\n')}`;
}

interface Placed {
  readonly id: number;
  readonly step: Step;
}

/** A run of steps of one process, with the places that they cover. */
interface Chunk {
  readonly pc: number | null;
  readonly steps: Placed[];
  readonly from: number;
  readonly to: number;
}

/** Writes the group functions; returns the statements that call them for one state. */
function expansion(r: Renderer, functions: string[]): string {
  const calls: string[] = [];
  let merged: Chunk[] = [];
  let size = 0;
  const close = (): void => {
    if (merged.length > 0) calls.push(`n=${groupFunction(r, functions, merged)}(S,b,n);`);
    merged = [];
    size = 0;
  };
  for (const chunks of chunksByProcess(r.system)) {
    const placed = chunks.filter((c) => c.pc !== null);
    if (placed.length > 1) {
      calls.push(dispatch(r, functions, placed));
    }
    for (const chunk of chunks) {
      if (placed.length > 1 && chunk.pc !== null) continue;
      if (size + chunk.steps.length > stepsPerFunction + 5) close();
      merged.push(chunk);
      size += chunk.steps.length;
    }
  }
  close();
  return calls.join('\n');
}

/** A process too large for one function: the counter decides which of its functions is called. */
function dispatch(r: Renderer, functions: string[], chunks: readonly Chunk[]): string {
  const pc = chunks[0]?.pc ?? 0;
  const names = chunks.map((chunk) => groupFunction(r, functions, [chunk]));
  const counter = valueText(r, { op: 'var', variable: pc }, (word) => `S[b+${word}]`);
  const choose = (low: number, high: number): string => {
    if (high - low === 1) return `n=${names[low] ?? ''}(S,b,n);`;
    const middle = (low + high) >> 1;
    return `if(c<${chunks[middle]?.from ?? 0}){${choose(low, middle)}}else{${choose(middle, high)}}`;
  };
  // One place with many steps may fill several chunks: these are called one after the other.
  const shared = chunks.some((chunk, i) => i > 0 && chunk.from <= (chunks[i - 1]?.to ?? -1));
  if (shared) return `c=${counter};${chunks.map((chunk, i) => `if(c>=${chunk.from}&&c<=${chunk.to})n=${names[i] ?? ''}(S,b,n);`).join('')}`;
  return `c=${counter};${choose(0, chunks.length)}`;
}

function chunksByProcess(system: System): Chunk[][] {
  const byProcess: Placed[][] = system.processes.map(() => []);
  system.steps.forEach((step, id) => byProcess[step.process]?.push({ id, step }));
  return byProcess.map((steps, process) => {
    const pc = system.processes[process]?.pc ?? null;
    const chunks: Chunk[] = [];
    const loose = steps.filter((s) => pc === null || s.step.place === null);
    for (let i = 0; i < loose.length; i += stepsPerFunction) chunks.push({ pc: null, steps: loose.slice(i, i + stepsPerFunction), from: 0, to: 0 });
    if (pc === null) return chunks;
    const placed = steps.filter((s) => s.step.place !== null).sort((a, b) => (a.step.place ?? 0) - (b.step.place ?? 0) || a.id - b.id);
    for (let i = 0; i < placed.length; ) {
      let end = Math.min(i + stepsPerFunction, placed.length);
      const place = (at: number): number => placed[at]?.step.place ?? -1;
      // Keep the steps of a place together unless they alone are too many.
      let start = end;
      while (end < placed.length && start > i && place(start - 1) === place(end)) start--;
      if (start > i) end = start;
      else while (end < placed.length && end < i + 2 * stepsPerFunction && place(end) === place(i)) end++;
      const slice = placed.slice(i, end);
      chunks.push({ pc, steps: slice, from: place(i), to: place(end - 1) });
      i = end;
    }
    return chunks;
  });
}

function groupFunction(r: Renderer, functions: string[], chunks: readonly Chunk[]): string {
  const name = `g${functions.length}`;
  const words = new Set<number>();
  const need = (e: Expr): void =>
    eachRead(e, (variable) => {
      const field = r.layout.fields[variable];
      if (field !== undefined && field.mask !== 0) words.add(field.word);
    });
  const all = r.layout.words <= mostUnrolledWords;
  for (let word = 0; all && word < r.layout.words; word++) words.add(word);
  let body = '';
  for (const chunk of chunks) {
    if (chunk.pc !== null) need({ op: 'var', variable: chunk.pc });
    for (const { step } of chunk.steps) needOfStep(r, step, need, words);
    body += chunk.pc === null ? chunk.steps.map((s) => stepText(r, s)).join('\n') : switchText(r, chunk.pc, chunk.steps);
  }
  const loads = [...words].sort((a, b) => a - b).map((w) => `w${w}=S[b+${w}]`);
  // In parentheses: V8 then compiles it with the whole, instead of reading it twice.
  functions.push(`const ${name}=(function(S,b,n){${loads.length > 0 ? `const ${loads.join(',')};` : ''}let p=0;\n${body}return n;});`);
  return name;
}

function needOfStep(r: Renderer, step: Step, need: (e: Expr) => void, words: Set<number>): void {
  need(step.guard);
  const scan = (actions: Step['actions']): void => {
    for (const action of actions) {
      if (action.do === 'set') need(action.value);
      else if (action.do === 'if') {
        need(action.test);
        scan(action.then);
        scan(action.else);
      }
    }
  };
  scan(step.actions);
  eachWrite(step.actions, (variable) => {
    const field = r.layout.fields[variable];
    if (field !== undefined && field.mask !== 0) words.add(field.word);
  });
}

function switchText(r: Renderer, pc: number, steps: readonly Placed[]): string {
  const byPlace = new Map<number, Placed[]>();
  for (const placed of steps) {
    const place = placed.step.place ?? 0;
    byPlace.set(place, [...(byPlace.get(place) ?? []), placed]);
  }
  const counter = valueText(r, { op: 'var', variable: pc }, (word) => `w${word}`);
  const cases = [...byPlace].map(([place, list]) => `case ${place}:${list.map((s) => stepText(r, s)).join('\n')}break;\n`);
  return `switch(${counter}){${cases.join('')}}`;
}

function stepText(r: Renderer, { id, step }: Placed): string {
  const { words } = r.layout;
  const guard = conditionText(r, step.guard, (word) => `w${word}`);
  const effect = effectText(r, step.actions, (violation) => {
    const fatal = r.system.violations[violation]?.fatal ?? false;
    return { code: `X(${violation},${id},b);${fatal ? `T[n++]=${~id};break s${id};` : ''}`, fatal };
  });
  let code = effect.code;
  if (!effect.dead) {
    code += `p=n*${words};`;
    if (words > mostUnrolledWords) code += 'K(S,b,p);';
    for (let word = 0; word < words; word++) {
      const value = effect.words.get(word);
      if (value !== undefined || words <= mostUnrolledWords) code += `B[${word === 0 ? 'p' : `p+${word}`}]=${value ?? `w${word}`};`;
    }
    code += `T[n++]=${id};`;
  }
  const label = effect.violates ? `s${id}:` : '';
  return guard === 'true' ? `${label}{${code}}` : `if(${guard})${label}{${code}}`;
}

function copyText(layout: Layout): string {
  if (layout.words <= mostUnrolledWords) return '';
  let body = '';
  for (let word = 0; word < layout.words; word++) body += `B[p+${word}]=S[b+${word}];`;
  return `function K(S,b,p){${body}}`;
}

/** Invariants and witnesses of one state; true where a fatal invariant is broken. */
function inspectText(r: Renderer): string {
  const name = (word: number): string => `S[b+${word}]`;
  let body = 'let f=false;';
  r.system.invariants.forEach((invariant, index) => {
    if (invariant.bad.op === 'const' && invariant.bad.value === 0) return;
    const fatal = r.system.violations[invariant.violation]?.fatal ?? false;
    body += `if(${conditionText(r, invariant.bad, name)}){X(${invariant.violation},${-1 - index},b);${fatal ? 'f=true;' : ''}}\n`;
  });
  r.system.witnesses.forEach((witness, index) => {
    if (witness.reached.op === 'const' && witness.reached.value === 0) return;
    body += `if(Y[${index}]===0&&${conditionText(r, witness.reached, name)})Y[${index}]=1;\n`;
  });
  return `function inspect(S,b){${body}return f;}`;
}

function expandText(system: System, layout: Layout, calls: string): string {
  return `function expand(S,i,e){let n=0,k=0,q=0,c=0;
while(i<e&&n<${batchStates}&&k<${batchStates}){const b=i*${layout.words};
if(inspect(S,b)){T[n++]=${~system.steps.length};q++;}else{
${calls}
}C[k++]=n;i++;}
R[0]=i;R[1]=q;R[2]=k;return n;}`;
}

function holdingText(r: Renderer): string {
  const name = (word: number): string => `S[b+${word}]`;
  const parts: string[] = [];
  for (let first = 0; first < r.system.pending.length; first += 31) {
    const bits = r.system.pending.slice(first, first + 31).map((p, i) => `(${conditionText(r, p.holds, name)}?${2 ** i}:0)`);
    parts.push(`case ${first / 31}:return ${bits.join('|')};`);
  }
  return `function holding(S,b,q){switch(q){${parts.join('\n')}}return 0;}`;
}

/** Statements that compute the hash of the words of `array` from `base` into `h`. All 32 bits are used. */
export function hashText(layout: Layout, array: string, base: string): string {
  let code = 'let h=0x3c6ef372;';
  for (let word = 0; word < layout.words; word++) {
    code += `h=Math.imul(h^${array}[${base}+${word}],0x9e3779b1);h^=h>>>15;`;
  }
  return `${code}h=Math.imul(h,0x85ebca6b);h^=h>>>13;h=Math.imul(h,0xc2b2ae35);h^=h>>>16;`;
}

function settleText(layout: Layout): string {
  const canonical = layout.blocks.length > 0 ? 'canonical(p);' : '';
  return `${canonicalText(layout)}
function settle(n,A,m){let x=0;for(let i=0,p=0;i<n;i++,p+=${layout.words}){${canonical}${hashText(layout, 'B', 'p')}H[i]=h;x^=A[h&m];}R[3]=x;}`;
}

/** Insertion sort of the blocks of each family, in place; blocks compare by their words as signed numbers. */
export function canonicalText(layout: Layout): string {
  if (layout.blocks.length === 0) return '';
  const body = layout.blocks.map(({ start, words, count }) => {
    const lead = Array.from({ length: words }, (_, i) => i);
    const load = lead.map((i) => `const a${i}=B[q+${i}];`).join('');
    const greater = lead.map((i) => `${lead.slice(0, i).map((j) => `B[o+${j}]===a${j}&&`).join('')}B[o+${i}]>a${i}`).join('||');
    const shift = lead.map((i) => `B[o+${words + i}]=B[o+${i}];`).join('');
    const store = lead.map((i) => `B[o+${words + i}]=a${i};`).join('');
    return `for(let k=1,s=p+${start};k<${count};k++){const q=s+k*${words};${load}let o=q-${words};while(o>=s&&(${greater})){${shift}o-=${words};}${store}}`;
  });
  return `function canonical(p){${body.join('\n')}}`;
}

function insertText(layout: Layout): string {
  const W = layout.words;
  const same = Array.from({ length: W }, (_, i) => `S[j+${i}]===B[p+${i}]`).join('&&');
  const copy = Array.from({ length: W }, (_, i) => `S[j+${i}]=B[p+${i}];`).join('');
  return `function insert(n,A,m,S,s){for(let i=0,p=0;i<n;i++,p+=${W}){let t=T[i];if(t<0){V[~t]=1;G[i]=-1;continue;}V[t]=1;
const h=H[i],g=h&~m;let a=h&m;for(;;){const e=A[a];
if(e===0){const j=s*${W};${copy}G[i]=s;A[a]=g|++s;break;}
if((e&~m)===g){const j=((e&m)-1)*${W};if(${same}){G[i]=(e&m)-1;break;}}
a=a+1&m;}}return s;}`;
}

/** Blocks of states are hashed before they are inserted, for the same reason as above. */
function rehashText(layout: Layout): string {
  const blocks = (from: string, insert: string): string =>
    `for(let f=${from};f<s;f+=${batchStates}){const e=Math.min(s,f+${batchStates});let x=0;for(let i=f,k=0,p=f*${layout.words};i<e;i++,k++,p+=${layout.words}){${hashText(layout, 'S', 'p')}H[k]=h;x^=A[h&m];}R[3]=x;
for(let i=f,k=0;i<e;i++,k++){const h=H[k];let a=h&m;${insert}}}`;
  return `function rehash(A,m,S,s){${blocks('0', 'while(A[a]!==0)a=a+1&m;A[a]=h&~m|i+1;')}}
function rehashShared(A,m,S,b,s){${blocks('b', 'while(A[a]!==0||Atomics.compareExchange(A,a,0,h&~m|i+1)!==0)a=a+1&m;')}}`;
}

/** A state is written before its entry appears in the table, so whoever sees the entry sees the state. */
function sharedText(layout: Layout): string {
  const W = layout.words;
  const same = Array.from({ length: W }, (_, i) => `S[j+${i}]===B[p+${i}]`).join('&&');
  const copy = Array.from({ length: W }, (_, i) => `S[j+${i}]=B[p+${i}];`).join('');
  return `function insertShared(n,A,m,S,K,D){let s=D[0],z=D[1];for(let i=0,p=0;i<n;i++,p+=${W}){let t=T[i];if(t<0){V[~t]=1;continue;}V[t]=1;
const h=H[i],g=h&~m;let a=h&m;for(;;){let e=A[a];
if(e===0){if(s===z){s=Atomics.add(K,4,${sharedBlock});z=s+${sharedBlock};}const j=s*${W};${copy}e=Atomics.compareExchange(A,a,0,g|s+1);if(e===0){s++;break;}}
if((e&~m)===g){const j=((e&m)-1)*${W};if(${same})break;}
a=a+1&m;}}D[0]=s;D[1]=z;}`;
}
