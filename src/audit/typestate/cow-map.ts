// A map that is copied when it is next written to. Paths fork often and change little; most never write to most of their maps.

interface Box<V> {
  readonly map: Map<string, V>;
  /** Somebody else looks at it too: a writer takes a copy. */
  isShared: boolean;
  /** The rows as text, sorted; null where they changed since. */
  text: string | null;
}

export class CowMap<V> implements Iterable<[string, V]> {
  private box: Box<V>;

  constructor(from?: CowMap<V>) {
    if (from === undefined) {
      this.box = { map: new Map(), isShared: false, text: '' };
      return;
    }
    from.box.isShared = true;
    this.box = from.box;
  }

  get size(): number {
    return this.box.map.size;
  }

  get(key: string): V | undefined {
    return this.box.map.get(key);
  }

  has(key: string): boolean {
    return this.box.map.has(key);
  }

  set(key: string, value: V): void {
    if (this.box.map.get(key) === value && value !== undefined) return;
    this.own().set(key, value);
  }

  delete(key: string): boolean {
    return this.box.map.has(key) && this.own().delete(key);
  }

  clear(): void {
    if (this.box.map.size > 0) this.box = { map: new Map(), isShared: false, text: '' };
  }

  /** Deletes what the test names. The map may not change while it looks. */
  deleteWhere(test: (key: string, value: V) => boolean): void {
    let gone: string[] | null = null;
    for (const [key, value] of this.box.map) if (test(key, value)) (gone ??= []).push(key);
    if (gone !== null) for (const key of gone) this.own().delete(key);
  }

  keys(): IterableIterator<string> {
    return this.box.map.keys();
  }

  values(): IterableIterator<V> {
    return this.box.map.values();
  }

  [Symbol.iterator](): IterableIterator<[string, V]> {
    return this.box.map[Symbol.iterator]();
  }

  /** The same text for the same rows. `row` must always be the same function. */
  text(row: (key: string, value: V) => string): string {
    this.box.text ??= [...this.box.map].map(([key, value]) => row(key, value)).sort().join(';');
    return this.box.text;
  }

  private own(): Map<string, V> {
    if (this.box.isShared) this.box = { map: new Map(this.box.map), isShared: false, text: null };
    else this.box.text = null;
    return this.box.map;
  }
}
