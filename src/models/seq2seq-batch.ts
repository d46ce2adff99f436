import { checkRows, type PaddedRows } from "../data/padding.js";
import { tensor } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkObject } from "../util/check.js";

/** Sources, padded rows of tokens or others, and padded targets; a target begins with the start token and ends with the end token. */
export interface Seq2SeqBatch<Source = PaddedRows> {
  readonly source: Source;
  readonly target: PaddedRows;
}

/** The batch, when it has sources and targets. */
export function checkPairs<Source>(op: string, batch: Seq2SeqBatch<Source>): Seq2SeqBatch<Source> {
  const { source, target } = checkObject(op, "the batch", batch, "{ source, target }");
  checkObject(op, "the batch's source", source, "padded rows");
  checkRows(op, target);
  return batch;
}

/** The next token after each token of the targets except the last: int32 `[B, T - 1]`, -100 for padding. */
export function followers({ data, shape, lengths }: PaddedRows): Tensor {
  const [B, T] = shape;
  const next = new Int32Array(B * (T - 1)).fill(-100);
  for (const [b, n] of lengths.entries()) next.set(data.subarray(b * T + 1, b * T + n), b * (T - 1));
  return tensor(next, [B, T - 1]);
}
