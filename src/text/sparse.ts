import { finish, type Pieces } from "../util/breath.js";
import { checkArray, checkInteger, checkIterable, checkList, isWhole, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkShape } from "../util/shape.js";

/**
 * A matrix of mostly zeros, row by row (CSR): row r holds `values[k]` at `columns[k]` for k from `starts[r]` to before `starts[r + 1]`.
 *
 * @param shape the numbers of rows and columns
 * @param starts the index of the first entry of each row, and the number of entries
 * @param columns the column of each entry
 * @param values the number of each entry
 * @example
 * sg.text.SparseRows.from([[[2, 5]], []], 3).toDense(); // = [0, 0, 5, 0, 0, 0]
 */
export class SparseRows {
  constructor(
    readonly shape: readonly [rows: number, columns: number],
    readonly starts: Int32Array,
    readonly columns: Int32Array,
    readonly values: Float64Array,
  ) {
    const [rows, width] = checkList("SparseRows", "shape", shape, "the numbers of rows and columns");
    checkInteger("SparseRows", "rows", rows, 0, 2 ** 31 - 2);
    checkInteger("SparseRows", "columns", width, 0, 2 ** 31 - 1);
    const isGood = starts instanceof Int32Array && columns instanceof Int32Array && values instanceof Float64Array;
    if (!isGood || starts.length !== rows + 1 || starts[rows] !== values.length || columns.length !== values.length)
      throw new SeqgradError("value", "SparseRows: starts, columns and values do not fit each other; make them by SparseRows.from().");
  }

  /**
   * Makes the matrix from the entries of each row, in any order.
   *
   * @param rows pairs of a column and a number for each row
   * @param columns the number of columns
   * @returns the matrix
   * @throws SeqgradError `value` for a column that is not there or something that is not a number
   */
  static from(rows: readonly Iterable<readonly [column: number, value: number]>[], columns: number): SparseRows {
    return finish(SparseRows.assembling(rows, columns));
  }

  /** @internal */
  static *assembling(rows: readonly Iterable<readonly [column: number, value: number]>[], columns: number): Pieces<SparseRows> {
    checkArray("SparseRows.from", "rows", rows, "a list of the entries of each row, such as [[[2, 5]], []]");
    checkInteger("SparseRows.from", "columns", columns, 0, 2 ** 31 - 1);
    const lists: (readonly [column: number, value: number])[][] = [];
    const starts = new Int32Array(rows.length + 1);
    let count = 0;
    for (const [r, row] of rows.entries()) {
      const list = entriesOf(row, r, columns).sort(([a], [b]) => a - b);
      lists.push(list);
      count += list.length;
      starts[r + 1] = count;
      yield;
    }
    const made = new SparseRows([rows.length, columns], starts, new Int32Array(count), new Float64Array(count));
    let k = 0;
    for (const list of lists) {
      for (const [column, value] of list) {
        made.columns[k] = column;
        made.values[k++] = value;
      }
      yield;
    }
    return made;
  }

  /**
   * Yields the entries of a row, by ascending columns.
   *
   * @param r the row, from 0
   * @returns pairs of a column and a number
   */
  *row(r: number): Generator<[column: number, value: number]> {
    checkInteger("SparseRows.row", "r", r, 0, this.shape[0] - 1);
    const end = nth(this.starts, r + 1);
    for (let k = nth(this.starts, r); k < end; k++) yield [this.columns[k]!, this.values[k]!];
  }

  /**
   * Returns all numbers, zeros too, row-major, as `tensor(data, shape)` takes them.
   *
   * @returns rows times columns numbers
   */
  toDense(): Float32Array<ArrayBuffer> {
    checkShape("SparseRows.toDense", this.shape);
    const [rows, columns] = this.shape;
    const dense = new Float32Array(rows * columns);
    for (let r = 0; r < rows; r++) for (const [column, value] of this.row(r)) dense[r * columns + column] = value;
    return dense;
  }
}

/** The entries of a row, each a column within the width and a number. */
function entriesOf(row: Iterable<readonly [column: number, value: number]>, r: number, width: number): [number, number][] {
  checkIterable("SparseRows.from", `row ${r}`, row, "a list of [column, value]");
  return Array.from(row, (entry) => {
    const [column, value]: readonly unknown[] = Array.isArray(entry) ? entry : [];
    if (isWhole(column) && column >= 0 && column < width && typeof value === "number") return [column, value];
    const got = Array.isArray(entry) ? `[${Array.from(entry, shown).join(", ")}]` : shown(entry);
    throw new SeqgradError("value", `SparseRows.from: row ${r} has ${got}; give [column, value], the column from 0 to ${width - 1}.`);
  });
}
