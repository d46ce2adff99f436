import { RandomWindows } from "../data/windows.js";
import type { AdamW } from "../optim/adam.js";
import { LanguageModel } from "../tasks/language-model.js";
import { makeOptimizer } from "../tasks/optimization.js";
import { type Device, withDevice } from "../tensor/device.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { RandomGenerator } from "../util/philox.js";
import { inCode } from "../util/schema.js";
import { type Choice, choose } from "./choice.js";

/** A network that the race trains. */
export type Network = LanguageModel["model"];

const ROUNDS = 8;
/** Steps that `fit` issues, at most, before it reads their losses. */
const AHEAD = 16;

export type RaceEvent =
  | { readonly type: "round"; readonly done: number; readonly total: number }
  /** The median time of a step. */
  | {
      readonly type: "measurement";
      readonly device: string;
      readonly batch: number;
      readonly milliseconds: number;
      readonly tokensPerSecond: number;
      readonly steps: number;
    }
  /** The device takes no part at this size and those above. */
  | { readonly type: "given up"; readonly device: string; readonly batch: number; readonly reason: string }
  | ({ readonly type: "end" } & Choice);

/** A model on its device, which the race trains. */
export interface Runner {
  readonly device: Device;
  readonly model: Network;
}

export interface RaceOptions {
  /** In ascending order. */
  readonly batches: readonly number[];
  readonly context: number;
  /** Milliseconds to measure for each device and size, after a warm-up of a quarter of it and at least two steps. */
  readonly budget: number;
  /** Milliseconds of a step, the first aside, past which a device is given up. */
  readonly patience: number;
}

/**
 * Trains the models on random tokens, in turns, and measures the time of a step.
 * @throws SeqgradError `range` at once for batches that are too large
 */
export function race(runners: readonly Runner[], { batches, context, budget, patience }: RaceOptions): AsyncGenerator<RaceEvent, void> {
  const { vocab } = runners[0]?.model.config ?? { vocab: 1 };
  const generator = new RandomGenerator(1);
  const tokens = Int32Array.from({ length: 2 * context + 10_000 }, () => generator.integer(vocab));
  const windows = batches.map((batch) => new RandomWindows(tokens, { batch, context, seed: 1 }));
  return run(
    runners.map((runner) => new Lane(runner, patience)),
    windows,
    budget,
  );
}

async function* run(lanes: readonly Lane[], sizes: readonly RandomWindows[], budget: number): AsyncGenerator<RaceEvent, void> {
  const total = sizes.length * ROUNDS;
  for (const [i, windows] of sizes.entries()) {
    const [batch] = windows.shape;
    for (const lane of lanes) yield* lane.attempt(batch, () => lane.warmUp(windows, budget / 4));
    for (let round = 1; round <= ROUNDS; round++) {
      for (const lane of lanes) yield* lane.attempt(batch, () => lane.measure(windows, (budget * round) / ROUNDS));
      yield { type: "round", done: i * ROUNDS + round, total };
    }
    for (const lane of lanes) yield* lane.finish(windows);
  }
  yield { type: "end", ...choose(lanes) };
}

/** One runner's part. */
class Lane {
  readonly device: string;
  readonly milliseconds = new Map<number, number>();
  readonly #device: Device;
  readonly #model: Network;
  readonly #optimizer: AdamW;
  readonly #patience: number;
  #isIn = true;
  /** Of each burst of this size, milliseconds of a step. */
  #samples: number[] = [];
  #spent = 0;
  #steps = 0;
  #latest = 0;

  constructor({ device, model }: Runner, patience: number) {
    this.#patience = patience;
    this.device = device.type;
    this.#device = device;
    this.#model = model;
    this.#optimizer = makeOptimizer(model, LanguageModel.training.complete({}, inCode("bench")));
  }

  /** Does something, unless given up; gives up where the device cannot. */
  async *attempt(batch: number, act: () => Promise<void>): AsyncGenerator<RaceEvent, void> {
    if (!this.#isIn) return;
    try {
      await act();
    } catch (error) {
      if (!isLack(error)) throw error;
      this.#isIn = false;
      yield { type: "given up", device: this.device, batch, reason: error.message };
    }
  }

  /** At least two steps: the first compiles. */
  async warmUp(windows: RandomWindows, milliseconds: number): Promise<void> {
    [this.#samples, this.#spent, this.#steps] = [[], 0, 0];
    await this.#burst(windows, 1);
    const end = performance.now() + milliseconds;
    do await this.#burst(windows, 1);
    while (this.#latest <= this.#patience && performance.now() < end);
    if (this.#latest > this.#patience) throw new SeqgradError("device", `a step takes ${(this.#latest / 1000).toFixed(1)} s`);
  }

  /** Runs bursts of steps, as `fit` issues them, until the milliseconds for this size are spent. */
  async measure(windows: RandomWindows, until: number): Promise<void> {
    while (this.#spent < until) {
      const count = Math.max(1, Math.min(AHEAD, Math.floor((until - this.#spent) / this.#latest)));
      await this.#burst(windows, count);
      this.#samples.push(this.#latest);
      this.#spent += count * this.#latest;
      this.#steps += count;
    }
  }

  *finish({ shape: [batch, length] }: RandomWindows): IterableIterator<RaceEvent> {
    if (!this.#isIn) return;
    const milliseconds = nth(
      this.#samples.sort((a, b) => a - b),
      this.#samples.length >> 1,
    );
    this.milliseconds.set(batch, milliseconds);
    const tokensPerSecond = Math.round((batch * length * 1000) / milliseconds);
    yield { type: "measurement", device: this.device, batch, milliseconds, tokensPerSecond, steps: this.#steps };
  }

  async #burst(windows: RandomWindows, count: number): Promise<void> {
    const start = performance.now();
    const losses = Array.from({ length: count }, (_, i) => {
      const lossOf = () => this.#model.loss(windows.batch(this.#steps + i)).loss;
      return withDevice(this.#device, () => this.#optimizer.step(lossOf));
    });
    await Promise.all(losses.map((loss) => loss.read()));
    this.#latest = (performance.now() - start) / count;
  }
}

/** True if it says that a device is not there, or not enough of it. */
export const isLack = (error: unknown): error is SeqgradError =>
  error instanceof SeqgradError && (error.code === "device" || error.code === "memory");
