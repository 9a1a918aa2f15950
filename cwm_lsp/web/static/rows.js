// Rows of the sheet, fetched in chunks as they come into sight and kept as long as there is room.

const CHUNK = 128;
const KEPT = 400;
const AT_ONCE = 2;

export class RowCache {
  constructor(fetch, arrived) {
    this.fetch = fetch;
    this.arrived = arrived;
    this.chunks = new Map();
    this.asked = new Set();
    this.wanted = [];
    this.epoch = 0;
  }

  /** All rows may have changed: what is here is shown until what replaces it is. */
  stale() {
    this.epoch += 1;
    this.asked.clear();
    for (const chunk of this.chunks.values()) chunk.stale = true;
  }

  clear() {
    this.stale();
    this.chunks.clear();
  }

  /** {left, right, apart} of a row, or undefined while it is not here. */
  get(index) {
    const chunk = this.chunks.get(Math.floor(index / CHUNK));
    const at = index % CHUNK;
    if (!chunk || at >= chunk.left.length) return undefined;
    return { left: chunk.left[at], right: chunk.right[at], apart: chunk.apart[at], odd: chunk.odd[at] };
  }

  /** Whether a row is here as it is now. */
  isHere(index) {
    const chunk = this.chunks.get(Math.floor(index / CHUNK));
    return chunk !== undefined && !chunk.stale && index % CHUNK < chunk.left.length;
  }

  /** See to it that rows from `first` on are here soon; what was wanted before is not any more. */
  want(first, count) {
    const from = Math.floor(Math.max(0, first) / CHUNK);
    const to = Math.floor(Math.max(0, first + count - 1) / CHUNK);
    this.wanted = [];
    for (let number = from; number <= to; number += 1) {
      const held = this.chunks.get(number);
      if ((!held || held.stale) && !this.asked.has(number)) this.wanted.push(number);
    }
    this.pump();
  }

  async pump() {
    while (this.asked.size < AT_ONCE && this.wanted.length) {
      const number = this.wanted.shift();
      this.asked.add(number);
      this.load(number, this.epoch);
    }
  }

  async load(number, epoch) {
    const found = await this.fetch(number * CHUNK, CHUNK);
    if (epoch !== this.epoch) return;
    this.asked.delete(number);
    if (found) {
      this.chunks.delete(number);
      this.chunks.set(number, found);
      while (this.chunks.size > KEPT) this.chunks.delete(this.chunks.keys().next().value);
      this.arrived();
    }
    this.pump();
  }
}
