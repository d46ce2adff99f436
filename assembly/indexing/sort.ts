/**
 * index[row, :] orders x[row, :] from small to large, or with descending 1 from large to small. x [rows, n] float32, or int32 with integer 1;
 * index int32 [rows, n]. Equal elements keep their order, -0 equals 0, NaN counts as largest. Overwrites index, which must not overlap x.
 * workspace: 16 n bytes, aligned to 8.
 *
 * Method: keys that order as unsigned words do, each with its position below it, so that no two are equal and any sort is stable; runs of
 * doubling length are merged, to and fro between the halves of the workspace.
 */
export function argsort(x: usize, index: usize, workspace: usize, rows: i32, n: i32, integer: i32, descending: i32): void {
  const half = (<usize>n) << 3;
  const flip: u32 = descending ? 0xffffffff : 0;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < n; i++, x += 4) {
      const key = (integer ? load<u32>(x) ^ 0x80000000 : keyOf(load<u32>(x))) ^ flip;
      store<u64>(workspace + ((<usize>i) << 3), ((<u64>key) << 32) | (<u64>i));
    }
    const sorted = mergeRuns(workspace, workspace + half, n);
    for (let i = 0; i < n; i++, index += 4) store<u32>(index, load<u32>(sorted + ((<usize>i) << 3)));
  }
}

/** Bytes of argsort's workspace. */
export function argsortWorkspace(n: f64): f64 {
  return 16 * n;
}

/** A key that orders as floats do, NaN on top and -0 as 0. */
function keyOf(bits: u32): u32 {
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return 0xffffffff;
  return bits >> 31 ? 0x80000000 - magnitude : 0x80000000 + magnitude;
}

/** Sorts n words at `from`, with room for as many at `to`; answers where they are then. */
function mergeRuns(from: usize, to: usize, n: i32): usize {
  for (let width = 1; width < n; width <<= 1) {
    for (let begin = 0; begin < n; begin += 2 * width) {
      const middle = min(begin + width, n);
      merge(from, to, begin, middle, min(middle + width, n));
    }
    const other = from;
    from = to;
    to = other;
  }
  return from;
}

/** The runs begin..middle and middle..end of `from`, as one run at `to`. */
function merge(from: usize, to: usize, begin: i32, middle: i32, end: i32): void {
  let left = from + ((<usize>begin) << 3);
  let right = from + ((<usize>middle) << 3);
  const leftEnd = right;
  const rightEnd = from + ((<usize>end) << 3);
  for (let at = to + ((<usize>begin) << 3), last = to + ((<usize>end) << 3); at < last; at += 8) {
    if (left < leftEnd && (right >= rightEnd || load<u64>(left) < load<u64>(right))) {
      store<u64>(at, load<u64>(left));
      left += 8;
    } else {
      store<u64>(at, load<u64>(right));
      right += 8;
    }
  }
}
