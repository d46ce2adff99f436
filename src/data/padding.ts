import { checkInteger, toTokens } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { maxOf } from "../util/numbers.js";

/** Rows of different lengths as one array. */
export interface PaddedRows {
  /** `[B, T]`, row-major. */
  readonly data: Int32Array<ArrayBuffer>;
  readonly shape: readonly [B: number, T: number];
  /** How much of each row is valid. */
  readonly lengths: readonly number[];
}

/**
 * Rows of token ids, filled up at their ends to the longest.
 *
 * @param value what fills up: the id of `<pad>`, or an ignored target. Default 0
 * @param truncate the length at which longer rows are cut. Default: none is
 * @throws SeqgradError `value` for no row, or nothing but empty ones; `range` for what is no whole number
 * @example
 * sg.padRows([[5, 2, 7], [4]]).data; // = [5, 2, 7, 4, 0, 0]
 */
export function padRows(
  rows: readonly ArrayLike<number>[],
  { value = 0, truncate = Number.POSITIVE_INFINITY }: { value?: number; truncate?: number } = {},
): PaddedRows {
  if (truncate !== Number.POSITIVE_INFINITY) checkInteger("padRows", "truncate", truncate, 1);
  const ids = Array.from(rows, (row, b) => toTokens("padRows", `rows[${b}]`, row));
  const lengths = ids.map((row) => Math.min(row.length, truncate));
  const T = maxOf(lengths, 0);
  if (T === 0) throw new SeqgradError("value", `padRows: ${rows.length} rows hold no token; give at least one row with one.`);
  const data = new Int32Array(rows.length * T).fill(value);
  for (const [b, row] of ids.entries()) data.set(row.subarray(0, lengths[b]), b * T);
  return { data, shape: [rows.length, T], lengths };
}
