import type { MultiheadAttention } from "../nn/multihead-attention.js";
import type { TransformerDecoder, TransformerEncoder } from "../nn/transformer.js";
import type { TransformerDecoderLayer, TransformerEncoderLayer } from "../nn/transformer-layers.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import type { Graph, Value } from "./graph.js";
import { gelu, linear, norm, within } from "./layers.js";
import { Float } from "./onnx.js";
import { rotary, rotaryTables } from "./positions.js";

/** Keys and values of a layer, `[B, K, S, D]` each. */
export interface KeysAndValues {
  readonly k: Value;
  readonly v: Value;
}

/** The keys that queries see. */
export interface Seen {
  /** Added to the scores: `[B, 1, T, S]`, or what broadcasts to it. */
  readonly bias?: Value | undefined;
  /** Keys and values of the positions before, of each layer; `kept` gets them with the new ones. */
  readonly cache?: { readonly past: readonly KeysAndValues[]; readonly kept: KeysAndValues[] };
  /** The positions of the queries, int64 `[T]`, and how many there can be. */
  readonly rotary?: { readonly positions: Value; readonly most: number };
}

interface Heads {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly size: number;
}

const headsOf = ({ heads, keyValueHeads, embed }: MultiheadAttention): Heads => ({ heads, keyValueHeads, size: embed / heads });

/** x `[B, T, N D]` -> `[B, N, T, D]`. */
const apart = (g: Graph, x: Value, heads: number, size: number): Value => g.transpose(g.reshape(x, 0, 0, heads, size), 0, 2, 1, 3);

/** softmax(q k^T / sqrt(D) + bias) v over heads, joined: `[B, T, N D]`. */
function attended(g: Graph, q: Value, { k, v }: KeysAndValues, { heads, keyValueHeads, size }: Heads, bias: Value | undefined): Value {
  const scale = 1 / Math.sqrt(size);
  const joined = (y: Value) => g.reshape(g.transpose(y, 0, 2, 1, 3), 0, 0, heads * size);
  if (g.opset >= 23) {
    // The node needs a row of the mask for each query.
    const whole = bias === undefined ? [] : [g.node("Expand", [bias, g.concat([g.ints(1, 1), g.size(q, 2), g.ints(1)], 0)])];
    return joined(g.node("Attention", [q, k, v, ...whole], { scale: new Float(scale) }));
  }
  const shared = heads / keyValueHeads;
  const isGrouped = shared > 1;
  const grouped = (x: Value, count: number) => (isGrouped ? g.reshape(x, 0, keyValueHeads, count, -1, size) : x);
  const [queries, keys, values] = [grouped(q, shared), grouped(k, 1), grouped(v, 1)];
  const turned = isGrouped ? g.transpose(keys, 0, 1, 2, 4, 3) : g.transpose(keys, 0, 1, 3, 2);
  const scores = g.node("MatMul", [g.mul(queries, g.float(scale)), turned]);
  const seen = bias && isGrouped ? g.unsqueeze(bias, 1) : bias;
  const weights = g.node("Softmax", [seen ? g.add(scores, seen) : scores], { axis: -1 });
  const y = g.node("MatMul", [weights, values]);
  return joined(isGrouped ? g.reshape(y, 0, heads, -1, size) : y);
}

/** The projections of x that attention to itself needs, heads apart. */
function selfAttention(g: Graph, attention: MultiheadAttention, x: Value, seen: Seen): Value {
  const of = headsOf(attention);
  const { embed, keyValueWidth: width, in_proj_weight: weight, in_proj_bias: bias, out_proj } = attention;
  if (!weight) throw new SeqgradError("value", "toOnnx: attention with kdim or vdim cannot attend to itself; make it without them.");
  const parts = g.split(linear(g, x, { weight, bias }), [embed, width, width], 2);
  const [q = "", k = "", v = ""] = [of.heads, of.keyValueHeads, of.keyValueHeads].map((n, i) => apart(g, nth(parts, i), n, of.size));
  const turn = (y: Value) => {
    if (!attention.rotary || !seen.rotary) return y;
    const { positions, most } = seen.rotary;
    return rotary(g, y, rotaryTables(g, most, of.size, attention.rotaryBase), positions, of.size);
  };
  const { cache } = seen;
  const past = cache && nth(cache.past, cache.kept.length);
  const grown = (before: Value | undefined, y: Value) => (before === undefined ? y : g.concat([before, y], 2));
  const all = { k: grown(past?.k, turn(k)), v: grown(past?.v, v) };
  cache?.kept.push(all);
  return linear(g, attended(g, turn(q), all, of, seen.bias), out_proj);
}

/** The projections of queries (0), keys (1) or values (2) alone. */
function projection(g: Graph, attention: MultiheadAttention, which: 0 | 1 | 2, x: Value): Value {
  const { embed, keyValueWidth: width, in_proj_weight: weight, in_proj_bias: bias } = attention;
  const start = which === 0 ? 0 : embed + (which - 1) * width;
  const rows = which === 0 ? embed : width;
  if (!weight) throw new SeqgradError("value", "toOnnx: attention with kdim or vdim cannot be exported; make it without them.");
  const all = g.weights.of(weight);
  const name = all.name.replace(/in_proj_weight$/, `${nth(["q", "k", "v"], which)}_proj`);
  const turned = Float32Array.from({ length: embed * rows }, (_, i) => nth(all.data, (start + (i % rows)) * embed + Math.floor(i / rows)));
  const y = g.node("MatMul", [x, g.initializer(`${name}.weight.T`, [embed, rows], turned)]);
  if (!bias) return y;
  return g.add(y, g.initializer(`${name}.bias`, [rows], Float32Array.from(g.weights.of(bias).data).subarray(start, start + rows)));
}

/** Keys and values of a memory `[B, S, D]` for each layer of a decoder. */
export const memoryOf = (g: Graph, decoder: TransformerDecoder, memory: Value): KeysAndValues[] =>
  decoder.layers.map(({ multihead_attn: attention }) => {
    const { keyValueHeads, size } = headsOf(attention);
    const of = (which: 1 | 2) => apart(g, projection(g, attention, which, memory), keyValueHeads, size);
    return { k: of(1), v: of(2) };
  });

function crossAttention(g: Graph, attention: MultiheadAttention, x: Value, memory: KeysAndValues, bias: Value | undefined): Value {
  const of = headsOf(attention);
  const q = apart(g, projection(g, attention, 0, x), of.heads, of.size);
  return linear(g, attended(g, q, memory, of, bias), attention.out_proj);
}

type Layer = TransformerEncoderLayer | TransformerDecoderLayer;

function feedForward(g: Graph, { linear1, linear2, activation }: Layer, x: Value): Value {
  const wide = linear(g, x, linear1);
  return linear(g, activated(g, wide, activation, linear2.weight.shape[1] ?? 0), linear2);
}

function activated(g: Graph, x: Value, activation: Layer["activation"], width: number): Value {
  if (activation === "relu") return g.node("Relu", [x]);
  if (activation !== "swiglu") return gelu(g, x, activation === "geluTanh");
  const [gates = "", values = ""] = g.split(x, [width, width], 2);
  return g.mul(g.mul(gates, g.node("Sigmoid", [gates])), values);
}

/** x with what a part of a layer adds to it. */
function part(g: Graph, layer: Layer, x: Value, normLayer: Parameters<typeof norm>[2], of: (x: Value) => Value): Value {
  return layer.normFirst ? g.add(x, of(norm(g, x, normLayer))) : norm(g, g.add(x, of(x)), normLayer);
}

const finalNorm = (g: Graph, x: Value, stack: TransformerEncoder | TransformerDecoder): Value => (stack.norm ? norm(g, x, stack.norm) : x);

/** 0 where a key within a row's length is, -Infinity elsewhere: `[B, 1, 1, S]`, for keys `[B, S, ..]`. */
export const lengthBias = (g: Graph, keys: Value, lengths: Value): Value => biasOf(g, g.unsqueeze(within(g, keys, lengths), 1, 2));

/** 0 where a key is not after the query, else -Infinity: `[1, 1, T, S]`. @param positions int64 `[T]`; the keys are all up to the last */
export function causalBias(g: Graph, positions: Value, keys: Value): Value {
  const isBefore = g.node("LessOrEqual", [g.unsqueeze(keys, 0), g.unsqueeze(positions, 1)]);
  return biasOf(g, g.unsqueeze(isBefore, 0, 1));
}

const biasOf = (g: Graph, visible: Value): Value => g.node("Where", [visible, g.float(0), g.float(Number.NEGATIVE_INFINITY)]);

/** All layers of a Transformer's encoder; with a cache, of a language model. */
export function encoderStack(g: Graph, stack: TransformerEncoder, x: Value, seen: Seen): Value {
  let y = x;
  for (const layer of stack.layers) {
    y = part(g, layer, y, layer.norm1, (input) => selfAttention(g, layer.self_attn, input, seen));
    y = part(g, layer, y, layer.norm2, (input) => feedForward(g, layer, input));
  }
  return finalNorm(g, y, stack);
}

/** The same where each position sees all others within the row's length. */
export const transformer = (g: Graph, stack: TransformerEncoder, x: Value, { lengths }: { lengths: Value }): Value =>
  encoderStack(g, stack, x, { bias: lengthBias(g, x, lengths) });

/** All layers of a Transformer's decoder. */
export function decoderStack(
  g: Graph,
  stack: TransformerDecoder,
  x: Value,
  seen: Seen,
  memory: { readonly layers: readonly KeysAndValues[]; readonly bias: Value },
): Value {
  let y = x;
  for (const [i, layer] of stack.layers.entries()) {
    y = part(g, layer, y, layer.norm1, (input) => selfAttention(g, layer.self_attn, input, seen));
    y = part(g, layer, y, layer.norm2, (input) => crossAttention(g, layer.multihead_attn, input, nth(memory.layers, i), memory.bias));
    y = part(g, layer, y, layer.norm3, (input) => feedForward(g, layer, input));
  }
  return finalNorm(g, y, stack);
}
