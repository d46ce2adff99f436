import { expect } from "vitest";
import { toOnnx } from "../../src/export/index.js";
import * as sg from "../../src/index.js";
import { type Feeds, floats, ints, OnnxModel, type OnnxTensor } from "../helpers/onnx.js";

export const opsets = [17, 23] as const;
/** Batches of one row, and of five of different lengths. */
export const ragged = [[7], [5, 1, 4, 2, 3]];

/** Rows of random tokens of 1..vocab-1, padded. */
export function rows(lengths: readonly number[], vocab: number) {
  const random = new sg.RandomGenerator(lengths.length);
  return sg.data.padRows(lengths.map((n) => Int32Array.from({ length: n }, () => 1 + random.integer(vocab - 1))));
}

/** Frames of random numbers, padded. */
export function frames(lengths: readonly number[], features: number) {
  const random = new sg.RandomGenerator(lengths.length);
  const frame = () => Array.from({ length: features }, () => 2 * random.uniform() - 1);
  return sg.data.padFrames(lengths.map((n) => Array.from({ length: n }, frame)));
}

/** The inputs of a graph that reads padded rows of tokens, or of frames. */
export const tokenFeeds = ({ data, shape, lengths }: ReturnType<typeof rows>, name = "tokens"): Feeds => ({
  [name]: ints(data, ...shape),
  lengths: ints(lengths, lengths.length),
});
export const frameFeeds = ({ data, shape, lengths }: ReturnType<typeof frames>): Feeds => ({
  frames: floats(data, ...shape),
  lengths: ints(lengths, lengths.length),
});

/** The output of a graph equals a tensor, to 1e-5. */
export async function expectClose(got: OnnxTensor | undefined, expected: sg.Tensor): Promise<void> {
  expect(got?.dims).toEqual(expected.shape);
  const data = await expected.data();
  const values = [...(got?.data ?? [])].map(Number);
  const most = Math.max(...values.map((value, i) => Math.abs(value - data[i]!)));
  expect(most).toBeLessThan(1e-5);
}

/** A model whose weights are not those of a beginning: norms and biases of 1 and 0 would hide what is left out. */
export function shaken<M extends sg.nn.Module>(model: M): M {
  sg.manualSeed(5);
  for (const p of model.parameters()) p.write(p.dataSync().map((x) => x + 0.6 * (sg.rand([1]).itemSync() - 0.5)));
  return model.eval();
}

export const open = async (model: Parameters<typeof toOnnx>[0], opset: 17 | 23, name = "model") =>
  OnnxModel.open(await toOnnx(model, { opset }), name);
