import type { Linear } from "../nn/layers.js";
import type { Module } from "../nn/module.js";
import { LayerNorm, RMSNorm } from "../nn/norm.js";
import type { Pooling } from "../nn/pooling.js";
import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import type { Graph, Value } from "./graph.js";
import { Float } from "./onnx.js";

/** Rows of a table by int32 indices. */
export const embedding = (g: Graph, tokens: Value, { weight }: { weight: Tensor }): Value => g.node("Gather", [g.weight(weight), tokens]);

/** A linear layer over the last axis of x, which has three axes. */
export const linear = (g: Graph, x: Value, { weight, bias }: Pick<Linear, "weight" | "bias">): Value =>
  scores(g, x, g.weight(weight, "transposed"), bias);

/** The same by a weight `[V, D]` that is in the graph as a table too, whose transpose is not stored. */
export const tiedLinear = (g: Graph, x: Value, weight: Tensor, bias?: Tensor): Value =>
  scores(g, x, g.transpose(g.weight(weight), 1, 0), bias);

function scores(g: Graph, x: Value, matrix: Value, bias: Tensor | undefined): Value {
  const product = g.node("MatMul", [x, matrix]);
  return bias ? g.add(product, g.weight(bias)) : product;
}

/** A linear layer over x `[B, D]`, as one node. */
export const gemm = (g: Graph, x: Value, { weight, bias }: Pick<Linear, "weight" | "bias">): Value =>
  g.node("Gemm", [x, g.weight(weight), ...(bias ? [g.weight(bias)] : [])], { transB: 1 });

export function norm(g: Graph, x: Value, layer: Module): Value {
  if (layer instanceof LayerNorm) {
    if (!layer.weight) throw new SeqgradError("value", "toOnnx: ONNX's LayerNormalization needs a scale; make the LayerNorm with affine.");
    const affine = [layer.weight, layer.bias].flatMap((part) => (part ? [g.weight(part)] : []));
    return g.node("LayerNormalization", [x, ...affine], { axis: -1, epsilon: new Float(layer.eps) });
  }
  if (layer instanceof RMSNorm) return rmsNorm(g, x, layer);
  throw new SeqgradError("value", `toOnnx: the norm ${layer.constructor.name} cannot be exported; use LayerNorm or RMSNorm.`);
}

function rmsNorm(g: Graph, x: Value, { weight, eps }: RMSNorm): Value {
  if (g.opset >= 23 && weight) return g.node("RMSNormalization", [x, g.weight(weight)], { axis: -1, epsilon: new Float(eps) });
  const square = g.reduce("ReduceMean", g.mul(x, x), -1, true);
  const root = g.node("Sqrt", [g.add(square, g.float(eps))]);
  const y = g.node("Div", [x, root]);
  return weight ? g.mul(y, g.weight(weight)) : y;
}

/** x Phi(x), by the error function or, as in GPT-2, by its form with tanh. */
export function gelu(g: Graph, x: Value, approximate = false): Value {
  if (g.opset >= 20) return g.node("Gelu", [x], { approximate: approximate ? "tanh" : "none" });
  const half = g.mul(x, g.float(0.5));
  if (!approximate) return g.mul(half, g.add(g.node("Erf", [g.mul(x, g.float(Math.SQRT1_2))]), g.float(1)));
  const cube = g.mul(g.mul(x, x), x);
  const inner = g.mul(g.add(x, g.mul(cube, g.float(0.044715))), g.float(Math.sqrt(2 / Math.PI)));
  return g.mul(half, g.add(g.node("Tanh", [inner]), g.float(1)));
}

/** True at the steps within a row's length: bool `[B, T]`, for x `[B, T, ..]` and lengths int32 `[B]`. */
export function within(g: Graph, x: Value, lengths: Value): Value {
  const steps = g.counting(g.size(x, 1));
  return g.node("Less", [steps, g.unsqueeze(g.cast(lengths, "int64"), 1)]);
}

/** The index of the last step of each row, over rows side by side, applied to x `[B, T, D]`: `[B, D]`. */
export function atEnds(g: Graph, x: Value, lengths: Value): Value {
  const last = g.node("Sub", [g.cast(lengths, "int64"), g.ints(1)]);
  return g.node("GatherND", [x, g.unsqueeze(last, 1)], { batch_dims: 1 });
}

/** x `[B, T, D]` -> `[B, D]`. */
export function pooled(g: Graph, layer: Pooling, x: Value, lengths: Value): Value {
  const visible = within(g, x, lengths);
  const lowest = g.float(Number.NEGATIVE_INFINITY);
  if (layer.kind === "max") return g.reduce("ReduceMax", g.node("Where", [g.unsqueeze(visible, 2), x, lowest]), 1, false);
  const scores = layer.score ? g.squeeze(linear(g, x, layer.score), 2) : g.float(0);
  const weights = g.node("Softmax", [g.node("Where", [visible, scores, lowest])], { axis: -1 });
  return g.squeeze(g.node("MatMul", [g.unsqueeze(weights, 1), x]), 1);
}
