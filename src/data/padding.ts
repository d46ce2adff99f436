import { checkInteger, checkList, isRecord, kindOf, toTokens } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { maxOf } from "../util/numbers.js";
import { checkOptions } from "../util/options.js";

/** Rows of different lengths as one array. */
export interface PaddedRows {
  /** `[B, T]`, row-major. */
  readonly data: Int32Array<ArrayBuffer>;
  readonly shape: readonly [B: number, T: number];
  /** How much of each row is valid. */
  readonly lengths: readonly number[];
}

/**
 * Fills rows of token ids up at their ends to the longest.
 *
 * @param rows B rows of token ids
 * @param options `value`: the filling, such as the id of `<pad>` or an ignored target, default 0. `truncate`: the length at which longer
 *   rows are cut, default none
 * @returns data `[B, T]`, its shape, and the lengths
 * @throws SeqgradError `value` for an empty list, or for rows that are all empty, `range` for values that are not integers
 * @example
 * sg.data.padRows([[5, 2, 7], [4]]).data; // = [5, 2, 7, 4, 0, 0]
 */
export function padRows(rows: readonly ArrayLike<number>[], options: { value?: number; truncate?: number } = {}): PaddedRows {
  checkOptions("padRows", options, ["value", "truncate"]);
  const { value = 0, truncate = Number.POSITIVE_INFINITY } = options;
  checkList("padRows", "the first argument", rows, "a list of rows of token ids, such as [[5, 2], [4]]");
  checkInteger("padRows", "value", value, -(2 ** 31), 2 ** 31 - 1);
  if (truncate !== Number.POSITIVE_INFINITY) checkInteger("padRows", "truncate", truncate, 1);
  const ids = Array.from(rows, (row, b) => toTokens("padRows", `rows[${b}]`, row));
  const lengths = ids.map((row) => Math.min(row.length, truncate));
  const T = maxOf(lengths, 0);
  if (T === 0) throw new SeqgradError("value", `padRows: ${rows.length} rows hold no token; give at least one row with one.`);
  const data = new Int32Array(rows.length * T).fill(value);
  for (const [b, row] of ids.entries()) data.set(row.subarray(0, lengths[b]), b * T);
  return { data, shape: [rows.length, T], lengths };
}

/** The rows, when they are what padRows() makes: data of their shape, and a length for each row within it. */
export function checkRows(op: string, rows: PaddedRows): PaddedRows {
  if (!isRecord(rows) || !arePadded(rows))
    throw new SeqgradError("value", `${op}: the rows are ${kindOf(rows)} that padRows() did not make; give what it makes.`);
  return rows;
}

function arePadded({ data, shape, lengths }: PaddedRows): boolean {
  if (!(data instanceof Int32Array && Array.isArray(shape) && Array.isArray(lengths))) return false;
  const [B, T]: readonly number[] = shape;
  if (B === undefined || T === undefined || !Number.isInteger(B) || !Number.isInteger(T)) return false;
  const isWithin = (length: number) => Number.isInteger(length) && length >= 0 && length <= T;
  return data.length === B * T && lengths.length === B && Array.from(lengths).every(isWithin);
}
