import { LSTM, type RecurrentLayer } from "../nn/recurrent.js";
import type { Graph } from "./graph.js";
import type { StateValues } from "./recurrent.js";
import type { KeysAndValues } from "./transformer.js";

/** The names of the parts of a recurrent state. */
const partsOf = (rnn: RecurrentLayer): readonly ("h" | "c")[] => (rnn instanceof LSTM ? ["h", "c"] : ["h"]);

/** The inputs `h` and `c` of a step, `[layers directions, batch, H]`. */
export function stateInputs(g: Graph, rnn: RecurrentLayer): StateValues {
  const [h = "", c] = partsOf(rnn).map((name) => g.input(name, "float", stateShape(rnn)));
  return { h, c };
}

/** The outputs of a state; of a step, under names that begin with `next.`. */
export function stateOutputs(g: Graph, rnn: RecurrentLayer, state: StateValues, prefix = ""): void {
  for (const part of partsOf(rnn)) g.output(`${prefix}${part}`, state[part] ?? "", "float", stateShape(rnn));
}

const stateShape = ({ numLayers, directions, hiddenSize }: RecurrentLayer) => [numLayers * directions, "batch", hiddenSize] as const;

/** The sizes of a cache: of its layers, and of a layer's heads of keys and of one of them. */
export interface CacheSizes {
  readonly layers: number;
  readonly heads: number;
  readonly size: number;
}

/** Keys and values `[batch, K, S, D]` of each layer as inputs, by names such as `past.0.key`. */
export const cacheInputs = (g: Graph, name: string, { layers, heads, size }: CacheSizes, steps = name): KeysAndValues[] =>
  Array.from({ length: layers }, (_, i) => ({
    k: g.input(`${name}.${i}.key`, "float", ["batch", heads, steps, size]),
    v: g.input(`${name}.${i}.value`, "float", ["batch", heads, steps, size]),
  }));

/** The same as outputs. */
export function cacheOutputs(g: Graph, name: string, all: readonly KeysAndValues[], { heads, size }: CacheSizes, steps: string): void {
  for (const [i, { k, v }] of all.entries()) {
    g.output(`${name}.${i}.key`, k, "float", ["batch", heads, steps, size]);
    g.output(`${name}.${i}.value`, v, "float", ["batch", heads, steps, size]);
  }
}
