// A map from numbers to objects that come and go by the million. The built-in Map keeps a chain of its former tables while it shrinks and
// grows, which makes everything in it live until the next full collection; this one keeps nothing.

const FREE = NaN;
const GONE = Infinity;
const LEAST = 512;

export class NumberMap<T> {
  private keys = new Float64Array(LEAST).fill(FREE);
  private values: (T | undefined)[] = new Array<T | undefined>(LEAST).fill(undefined);
  /** Places that are not free. */
  private used = 0;
  size = 0;

  get(key: number): T | undefined {
    return this.values[this.find(key)];
  }

  set(key: number, value: T): void {
    const at = this.find(key);
    if (this.keys[at] === key) {
      this.values[at] = value;
      return;
    }
    this.keys[at] = key;
    this.values[at] = value;
    this.size++;
    if (++this.used * 2 > this.keys.length) this.rebuild();
  }

  delete(key: number): void {
    const at = this.find(key);
    if (this.keys[at] !== key) return;
    this.keys[at] = GONE;
    this.values[at] = undefined;
    this.size--;
  }

  clear(): void {
    this.keys.fill(FREE);
    this.values.fill(undefined);
    this.used = 0;
    this.size = 0;
  }

  /** Its place, or the free place where it would stand. */
  private find(key: number): number {
    const mask = this.keys.length - 1;
    let at = hash(key) & mask;
    for (;;) {
      const there = this.keys[at];
      if (there === key || there === undefined || Number.isNaN(there)) return at;
      at = (at + 1) & mask;
    }
  }

  private rebuild(): void {
    const { keys, values } = this;
    let size = LEAST;
    while (size < this.size * 4) size *= 2;
    this.keys = new Float64Array(size).fill(FREE);
    this.values = new Array<T | undefined>(size).fill(undefined);
    this.used = 0;
    this.size = 0;
    keys.forEach((key, at) => {
      const value = values[at];
      if (Number.isNaN(key) || key === GONE || value === undefined) return;
      this.set(key, value);
    });
  }
}

/** Pointers are multiples of eight and alike in their upper half. */
function hash(key: number): number {
  const low = key | 0;
  const high = Math.trunc(key / 2 ** 32) | 0;
  const mixed = Math.imul(low ^ (low >>> 15) ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
