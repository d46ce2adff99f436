import * as sg from "seqgrad";

/** Draws from lists, always the same for a seed. */
export class Draw {
  readonly random: sg.RandomGenerator;

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

  /** About a normal number: mean 0, deviation 1. */
  normal(): number {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += this.random.uniform();
    return sum - 6;
  }
}
