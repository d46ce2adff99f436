import { expect } from "vitest";
import * as sg from "../../src/index.js";
import { type Feeds, ints, type OnnxTensor } from "../helpers/onnx.js";

/** Rows of random tokens of 1..vocab-1, padded. */
export function rows(lengths: readonly number[], vocab: number) {
  const random = new sg.RandomGenerator(lengths.length);
  return sg.data.padRows(lengths.map((n) => Int32Array.from({ length: n }, () => 1 + random.integer(vocab - 1))));
}

/** The inputs of a graph that reads padded rows. */
export const tokenFeeds = ({ data, shape, lengths }: ReturnType<typeof rows>): Feeds => ({
  tokens: ints(data, ...shape),
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
