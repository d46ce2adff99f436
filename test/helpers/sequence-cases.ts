import { generator } from "./recurrent-reference.js";

/** [B, T, I, H]: below, at and above vectors, panels and tiles. */
export const sequenceSizes = [
  [1, 1, 1, 1],
  [1, 3, 1, 1],
  [3, 7, 3, 7],
  [7, 3, 8, 9],
  [8, 9, 7, 8],
  [9, 8, 9, 3],
  [1, 33, 33, 64],
  [33, 1, 8, 33],
  [33, 3, 64, 9],
  [3, 9, 100, 33],
  [64, 7, 1, 8],
  [1, 7, 100, 257],
  [7, 64, 3, 1],
  [8, 9, 33, 100],
] as const;

/** What a call has besides x and weights. */
export const sequenceOptions = [
  { reverse: false, lengths: false, biases: true, states: false },
  { reverse: true, lengths: false, biases: false, states: true },
  { reverse: false, lengths: true, biases: false, states: true },
  { reverse: true, lengths: true, biases: true, states: true },
  { reverse: true, lengths: true, biases: true, states: false },
] as const;

export type SequenceOptions = (typeof sequenceOptions)[number];

/** What a test of these sizes and options is called. */
export function caseName([B, T, I, H]: readonly number[], options: SequenceOptions): string {
  const on = Object.entries(options).filter(([, value]) => value);
  return [`B ${B} T ${T} I ${I} H ${H}`, ...on.map(([name]) => name)].join(", ");
}

/** Random arguments of a layer with `gates` blocks of weights; lengths, where there are any, include T, and past them x and dy are NaN. */
export function sequenceCase(
  [B, T, I, H]: readonly [number, number, number, number],
  gates: number,
  options: SequenceOptions,
  seed: number,
) {
  const random = generator(seed);
  const scale = 1.5 / Math.sqrt(H);
  const bias = () => (options.biases ? random(gates * H, scale) : undefined);
  const lengths = options.lengths ? Int32Array.from({ length: B }, (_, b) => (b % 3 === 0 ? T : 1 + ((b * 5) % T))) : undefined;
  const sequence = (width: number) => {
    const values = random(B * T * width);
    lengths?.forEach((length, b) => {
      values.fill(Number.NaN, (b * T + length) * width, (b + 1) * T * width);
    });
    return values;
  };
  return {
    input: {
      ...{ B, T, I, H, lengths },
      reverse: options.reverse,
      x: sequence(I),
      wIh: random(gates * H * I, 1.5 / Math.sqrt(I)),
      wHh: random(gates * H * H, scale),
      bIh: bias(),
      bHh: bias(),
      h0: options.states ? random(B * H) : undefined,
    },
    gradients: { dy: sequence(H), dhN: options.states ? random(B * H) : undefined },
  };
}

type Ranges = readonly (readonly [begin: number, end: number])[];

/** What two ways to share the rows of a batch between calls give: all at once, and in uneven parts. */
export function runSplits<T>(B: number, run: (ranges: Ranges) => Promise<T>): Promise<T[]> {
  const cuts = [0, 1, 3, 10, 33].filter((cut) => cut < B);
  return Promise.all([[[0, B] as const], cuts.map((cut, i) => [cut, cuts[i + 1] ?? B] as const)].map(run));
}

/**
 * The largest disagreement between an analytic gradient and central differences of loss along random directions, relative to the
 * derivative; `arguments_` are the arrays that loss depends on, `gradients` theirs.
 */
export function gradientError(loss: () => number, arguments_: readonly Float64Array[], gradients: readonly ArrayLike<number>[]): number {
  const random = generator(5);
  const step = 1e-5;
  let worst = 0;
  arguments_.forEach((values, which) => {
    const direction = random(values.length);
    const start = values.slice();
    const at = (scale: number) => {
      for (let i = 0; i < values.length; i++) values[i] = start[i]! + scale * direction[i]!;
      return loss();
    };
    const numeric = (at(step) - at(-step)) / (2 * step);
    values.set(start);
    const analytic = direction.reduce((sum, d, i) => sum + d * gradients[which]![i]!, 0);
    worst = Math.max(worst, Math.abs(numeric - analytic) / Math.max(1, Math.abs(numeric)));
  });
  return worst;
}

/** The sum of v w, past a length (where w is NaN) nothing: a loss of which w is the gradient. */
export function weigh(values: ArrayLike<number>, weights: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, v, i) => sum + (Number.isNaN(weights[i]!) ? 0 : v * weights[i]!), 0);
}
