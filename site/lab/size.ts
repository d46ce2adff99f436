import type { Size } from "./task.js";

/** Numbers of a recurrent layer: gates by units, from input and state, with two biases as PyTorch has them. */
const gates: Readonly<Record<string, number>> = { rnn: 1, gru: 3, lstm: 4 };

export interface Shape {
  readonly arch: string;
  readonly input: number;
  readonly hidden: number;
  readonly layers: number;
  readonly bidirectional?: boolean;
}

/** The weights of recurrent layers, or of the blocks of a Transformer. */
export function layersSize({ arch, input, hidden, layers, bidirectional = false }: Shape): number {
  if (arch === "transformer") return layers * (12 * hidden * hidden + 13 * hidden) + input * hidden;
  const sides = bidirectional ? 2 : 1;
  let total = 0;
  for (let layer = 0; layer < layers; layer++) {
    const from = layer === 0 ? input : sides * hidden;
    total += sides * (gates[arch] ?? 4) * hidden * (from + hidden + 2);
  }
  return total;
}

/** The numbers that an update keeps: `rows` sequences of `steps` steps, and `outputs` numbers at each step. */
export function activationsOf(
  { arch, hidden, layers, bidirectional = false }: Shape,
  rows: number,
  steps: number,
  outputs: number,
): number {
  const sides = bidirectional ? 2 : 1;
  const perLayer = arch === "transformer" ? 18 * hidden + 8 * steps : sides * ((gates[arch] ?? 4) + 4) * hidden;
  return rows * steps * (layers * perLayer + 3 * outputs);
}

/** Weights, their gradients, two averages of Adam, the best weights, and the copies of a checkpoint. */
const COPIES = 8;
/** The most bytes that a run may need: a quarter of the machine's memory, as far as the browser says, and 2 GiB. */
export const memoryLimit = (): number =>
  Math.min(2 ** 31, ((globalThis.navigator as { deviceMemory?: number } | undefined)?.deviceMemory ?? 4) * 2 ** 28);

export const bytesOf = ({ parameters, activations }: Size): number => 4 * (COPIES * parameters + 2 * activations);

export const readable = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;

/** Says why a run does not fit; undefined where it does. */
export function faultOf(size: Size): string | undefined {
  const [needed, limit] = [bytesOf(size), memoryLimit()];
  if (needed <= limit) return undefined;
  const heavier =
    size.parameters * COPIES > 2 * size.activations ? "fewer units or layers" : "a smaller batch, shorter sequences or fewer units";
  return `This run needs about ${readable(needed)}; this page takes at most ${readable(limit)}. Choose ${heavier}.`;
}
