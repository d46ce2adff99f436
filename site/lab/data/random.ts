import * as sg from "seqgrad";

/** Draws from lists, always the same for a seed. */
export class Draw {
  readonly random: sg.RandomGenerator;
  #table = new Float32Array(0);
  #at = 0;

  constructor(seed: number) {
    this.random = new sg.RandomGenerator(seed);
  }

  of<T>(list: readonly T[]): T {
    return list[this.random.integer(list.length)] as T;
  }

  between(low: number, high: number): number {
    return low + this.random.integer(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.random.uniform() < probability;
  }

  /** A number from -1 to 1, about normal, of a table that is drawn once: cheap, for the noise of many samples. */
  noise(): number {
    if (this.#table.length === 0)
      this.#table = Float32Array.from({ length: 4099 }, () => this.random.uniform() + this.random.uniform() - 1);
    this.#at = (this.#at + 1) % this.#table.length;
    if (this.#at === 0) this.#at = this.random.integer(97);
    return this.#table[this.#at] ?? 0;
  }

  /** About a normal number: mean 0, deviation 1. */
  normal(): number {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += this.random.uniform();
    return sum - 6;
  }
}
