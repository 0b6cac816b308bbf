// Random numbers that a seed determines (mulberry32), so that a run can be repeated: SEED=… ./.ci/passkeys.
export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  below = (limit) => this.next() % limit;
  pick = (list) => list[this.below(list.length)];
  bytes = (length) => Buffer.from(Array.from({ length }, () => this.below(256)));
}
