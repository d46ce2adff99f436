import { GRU, LSTM, type RecurrentLayer, RNN } from "../nn/recurrent.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import type { Graph, Value } from "./graph.js";
import type { AttributeValue } from "./onnx.js";

/** A kind of recurrent node: its name, and the place in ONNX's order of gates of each of ours. */
interface Kind {
  readonly op: "RNN" | "GRU" | "LSTM";
  readonly gates: readonly number[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

function kindOf(layer: RecurrentLayer): Kind {
  if (layer instanceof LSTM) {
    if (layer.outputSize !== layer.hiddenSize)
      throw new SeqgradError("value", "toOnnx: ONNX's LSTM has no projection; make the LSTM without projSize.");
    // i f g o -> i o f c
    return { op: "LSTM", gates: [0, 3, 1, 2] };
  }
  // r z n -> z r h
  if (layer instanceof GRU) return { op: "GRU", gates: [1, 0, 2], attributes: { linear_before_reset: layer.resetAfter ? 1 : 0 } };
  if (layer instanceof RNN) {
    const activation = layer.nonlinearity === "relu" ? "Relu" : "Tanh";
    return { op: "RNN", gates: [0], attributes: { activations: new Array<string>(layer.directions).fill(activation) } };
  }
  throw new SeqgradError("value", `toOnnx: ${layer.constructor.name} is not a recurrent layer of ONNX; use RNN, GRU or LSTM.`);
}

/** The rows of a weight of G gates, in another order of the gates. */
function reordered(data: ArrayLike<number>, gates: readonly number[]): Float32Array {
  const size = data.length / gates.length;
  const turned = new Float32Array(data.length);
  for (const [to, from] of gates.entries()) for (let i = 0; i < size; i++) turned[to * size + i] = nth(data, from * size + i);
  return turned;
}

/** The weights of a layer's directions in ONNX's order, one direction after the other. */
function weightsOf(g: Graph, rnn: RecurrentLayer, layer: number, { op, gates }: Kind): readonly Value[] {
  const suffixes = ["", "_reverse"].slice(0, rnn.directions);
  const prefix = g.weights.of(rnn.weight("weight_ih_l0")).name.replace(/weight_ih_l0$/, op);
  const of = (suffix: string, kinds: readonly string[]) =>
    kinds.flatMap((kind) => [...reordered(g.weights.of(rnn.weight(`${kind}_l${layer}${suffix}`)).data, gates)]);
  const rows = gates.length * rnn.hiddenSize;
  const features = layer === 0 ? rnn.inputSize : rnn.outputSize * rnn.directions;
  const joined = (name: string, shape: readonly number[], kinds: readonly string[]) =>
    g.initializer(`${prefix}_${layer}.${name}`, [rnn.directions, ...shape], Float32Array.from(suffixes.flatMap((s) => of(s, kinds))));
  const hasBias = [...rnn.namedParameters()].some(([name]) => name === "bias_ih_l0");
  return [
    joined("W", [rows, features], ["weight_ih"]),
    joined("R", [rows, rnn.hiddenSize], ["weight_hh"]),
    hasBias ? joined("B", [2 * rows], ["bias_ih", "bias_hh"]) : "",
  ];
}

/** The names of a recurrent state's parts, each `[layers directions, B, H]`. */
export interface StateValues {
  readonly h: Value;
  readonly c?: Value | undefined;
}

/**
 * All layers of a recurrent network, a node each.
 *
 * @param x `[B, T, D]`
 * @param options `lengths`: int32 `[B]`; `state`: the state before the first step, default zeros
 * @returns output `[B, T, directions H]` and the last state
 */
export function recurrent(
  g: Graph,
  rnn: RecurrentLayer,
  x: Value,
  { lengths = "", state }: { lengths?: Value; state?: StateValues | undefined },
): { output: Value; state: StateValues } {
  const kind = kindOf(rnn);
  const { directions, numLayers, hiddenSize } = rnn;
  const sizes = new Array<number>(numLayers).fill(directions);
  const firsts = [state?.h, state?.c].flatMap((part) => (part === undefined ? [] : [g.split(part, sizes, 0)]));
  const lasts: Value[][] = [];
  const attributes = { ...kind.attributes, hidden_size: hiddenSize, direction: directions === 2 ? "bidirectional" : "forward" };
  let y = g.transpose(x, 1, 0, 2);
  for (let layer = 0; layer < numLayers; layer++) {
    const inputs = [y, ...weightsOf(g, rnn, layer, kind), lengths, ...firsts.map((parts) => nth(parts, layer))];
    const [steps = "", ...ends] = g.nodes(kind.op, inputs, kind.op === "LSTM" ? 3 : 2, attributes);
    lasts.push(ends);
    const isLast = layer === numLayers - 1;
    y = g.reshape(isLast ? g.transpose(steps, 2, 0, 1, 3) : g.transpose(steps, 0, 2, 1, 3), 0, 0, directions * hiddenSize);
  }
  const last = (part: number) =>
    g.concat(
      lasts.map((ends) => nth(ends, part)),
      0,
    );
  return { output: y, state: { h: last(0), ...(kind.op === "LSTM" && { c: last(1) }) } };
}
