import { finish, type Pieces } from "../util/breath.js";

/**
 * A matrix of mostly zeros, row by row (CSR): row r holds `values[k]` at `columns[k]` for k from `starts[r]` to before `starts[r + 1]`.
 * @example
 * sg.SparseRows.from([[[2, 5]], []], 3).toDense(); // = [0, 0, 5, 0, 0, 0]
 */
export class SparseRows {
  constructor(
    readonly shape: readonly [rows: number, columns: number],
    readonly starts: Int32Array,
    readonly columns: Int32Array,
    readonly values: Float64Array,
  ) {}

  /** From the entries of each row, in any order. */
  static from(rows: readonly Iterable<readonly [column: number, value: number]>[], columns: number): SparseRows {
    return finish(SparseRows.assembling(rows, columns));
  }

  /** @internal */
  static *assembling(rows: readonly Iterable<readonly [column: number, value: number]>[], columns: number): Pieces<SparseRows> {
    const lists: (readonly [column: number, value: number])[][] = [];
    const starts = new Int32Array(rows.length + 1);
    for (const [r, row] of rows.entries()) {
      lists.push([...row].sort(([a], [b]) => a - b));
      starts[r + 1] = starts[r]! + lists[r]!.length;
      yield;
    }
    const made = new SparseRows([rows.length, columns], starts, new Int32Array(starts.at(-1)!), new Float64Array(starts.at(-1)!));
    for (const [r, list] of lists.entries()) {
      for (const [i, [column, value]] of list.entries()) {
        made.columns[starts[r]! + i] = column;
        made.values[starts[r]! + i] = value;
      }
      yield;
    }
    return made;
  }

  /** The entries of a row, by ascending columns. */
  *row(r: number): Generator<[column: number, value: number]> {
    for (let k = this.starts[r]!; k < this.starts[r + 1]!; k++) yield [this.columns[k]!, this.values[k]!];
  }

  /** All numbers, zeros too, row-major: what `tensor(data, shape)` takes. */
  toDense(): Float32Array<ArrayBuffer> {
    const [rows, columns] = this.shape;
    const dense = new Float32Array(rows * columns);
    for (let r = 0; r < rows; r++) for (const [column, value] of this.row(r)) dense[r * columns + column] = value;
    return dense;
  }
}
