import { type Arguments, entry, line, lineKernel, type Pass, type WgslKernel, type WgslKernels } from "../kernel.js";

/** The difference between rows and elements: the position of the index of [o, j, i], counted from c.index. */
const rowIndex = "j";
const elementIndex = "(o * u32(c.m) + j) * u32(c.inner) + i";

const count = (c: Arguments) => c.outer * c.m * c.inner;

/** The indices of element t of [outer, m, inner], from which every kernel here starts. */
const split = `
  let t = line(id, groups);
  let inner = u32(c.inner);
  let m = u32(c.m);
  if (t >= u32(c.outer) * m * inner) { return; }
  let i = t % inner;
  let j = t / inner % m;
  let o = t / (inner * m);`;

const gather = (index: string) =>
  lineKernel(
    count,
    /* wgsl */ `
${entry("main")} {${split}
  let at = ${index};
  let row = heap[c.index + at];
  if (row >= u32(c.n)) {
    fault(at);
    heap[c.y + t] = 0u;
    return;
  }
  heap[c.y + t] = heap[c.x + (o * u32(c.n) + row) * inner + i];
}
`,
    "u32",
  );

/** Up to this many indices each element looks through all of them. */
const FEW = 256;
/** Sorted positions that a thread adds up. */
const BLOCK = 32;
/** Threads of the scan, which is one workgroup. */
const SCAN = 256;

/** The first of equal indices adds them all, j ascending. */
const direct = (index: string, skip: string) => /* wgsl */ `
fn indexAt(o: u32, j: u32, i: u32) -> u32 { return heap[c.index + ${index}]; }
${entry("direct")} {${split}
  let row = indexAt(o, j, i);
  if (row >= u32(c.n)) {
    fault(${index});
    return;
  }
  if (bitcast<i32>(row) == ${skip}) { return; }
  for (var k = 0u; k < j; k++) { if (indexAt(o, k, i) == row) { return; } }
  let to = c.dx + (o * u32(c.n) + row) * inner + i;
  var sum = bitcast<f32>(heap[to]);
  for (var k = j; k < m; k++) {
    if (indexAt(o, k, i) == row) { sum += bitcast<f32>(heap[c.dy + (o * m + k) * inner + i]); }
  }
  heap[to] = bitcast<u32>(sum);
}
`;

/** A scatter of `keys` rows of `width` floats to `rows` rows, `outer` times. */
interface Sizes {
  readonly keys: number;
  readonly rows: number;
  readonly width: number;
  readonly outer: number;
}

const chunkOf = (keys: number) => Math.max(64, Math.ceil(keys / 4096));
const digitsOf = (rows: number) => Math.ceil((32 - Math.clz32(rows)) / 4);

/**
 * A radix sort of the keys by 4 bits a pass, stable, so that equal rows come to lie together with j ascending; then blocks of positions are
 * added up, and what crosses their borders is joined. The key past the last row is for what goes nowhere. Workspace: keys and order twice,
 * counts of digits by chunk (and after the scan places), the two sums that each block leaves at its borders.
 */
const sorted = (keys: string, rows: string, width: string, outer: string, keyOf: string) => /* wgsl */ `
fn keyCount() -> u32 { return ${keys}; }
fn rowCount() -> u32 { return ${rows}; }
fn chunk() -> u32 { return max(64u, (keyCount() + 4095u) / 4096u); }
fn chunks() -> u32 { return (keyCount() + chunk() - 1u) / chunk(); }
fn blocks() -> u32 { return (keyCount() + ${BLOCK - 1}u) / ${BLOCK}u; }
/** Keys before (0) or after (1) an odd number of passes; their order follows. */
fn keysAt(parity: i32) -> u32 { return c.workspace + u32(parity & 1) * 2u * keyCount(); }
fn countsAt() -> u32 { return c.workspace + 4u * keyCount(); }
fn digitOf(key: u32) -> u32 { return (key >> (4u * u32(c.step))) & 15u; }

${entry("keys")} {
  let t = line(id, groups);
  if (t >= keyCount()) { return; }
  let row = heap[c.index + t];
  if (row >= u32(c.n)) { fault(t); }
  heap[c.workspace + t] = ${keyOf};
  heap[c.workspace + keyCount() + t] = t;
}

${entry("countDigits")} {
  let t = line(id, groups);
  if (t >= chunks()) { return; }
  var counts = array<u32, 16>();
  let end = min(keyCount(), (t + 1u) * chunk());
  for (var k = t * chunk(); k < end; k++) { counts[digitOf(heap[keysAt(c.step) + k])]++; }
  for (var d = 0u; d < 16u; d++) { heap[countsAt() + d * chunks() + t] = counts[d]; }
}

var<workgroup> sums: array<u32, ${SCAN}>;
/** From counts to the place of the first of each digit and chunk. */
@compute @workgroup_size(${SCAN}) fn scan(@builtin(local_invocation_index) t: u32) {
  let total = 16u * chunks();
  let share = (total + ${SCAN - 1}u) / ${SCAN}u;
  let begin = min(total, t * share);
  let end = min(total, begin + share);
  var sum = 0u;
  for (var k = begin; k < end; k++) { sum += heap[countsAt() + k]; }
  sums[t] = sum;
  workgroupBarrier();
  var place = 0u;
  for (var k = 0u; k < t; k++) { place += sums[k]; }
  for (var k = begin; k < end; k++) {
    let count = heap[countsAt() + k];
    heap[countsAt() + k] = place;
    place += count;
  }
}

${entry("place")} {
  let t = line(id, groups);
  if (t >= chunks()) { return; }
  var places = array<u32, 16>();
  for (var d = 0u; d < 16u; d++) { places[d] = heap[countsAt() + d * chunks() + t]; }
  let end = min(keyCount(), (t + 1u) * chunk());
  for (var k = t * chunk(); k < end; k++) {
    let key = heap[keysAt(c.step) + k];
    let to = keysAt(c.step + 1) + places[digitOf(key)];
    places[digitOf(key)]++;
    heap[to] = key;
    heap[to + keyCount()] = heap[keysAt(c.step) + keyCount() + k];
  }
}

/** The key at a sorted position; past both ends none. */
fn sortedKey(k: u32) -> u32 {
  if (k >= keyCount()) { return 0xffffffffu; }
  return heap[keysAt(c.step) + k];
}
/** The position where block b stores the sum of a row that began before it (side 0), or that begins in it and ends after it (1). */
fn borderAt(o: u32, b: u32, i: u32, side: u32) -> u32 {
  return countsAt() + 16u * chunks() + (((o * blocks() + b) * ${width}) + i) * 2u + side;
}
fn addTo(o: u32, row: u32, i: u32, sum: f32) {
  if (row >= rowCount()) { return; }
  let to = c.dx + (o * rowCount() + row) * ${width} + i;
  heap[to] = bitcast<u32>(bitcast<f32>(heap[to]) + sum);
}

${entry("addBlocks")} {
  let t = line(id, groups);
  if (t >= ${outer} * blocks() * ${width}) { return; }
  let i = t % ${width};
  let b = t / ${width} % blocks();
  let o = t / (${width} * blocks());
  let begin = b * ${BLOCK}u;
  let end = min(keyCount(), begin + ${BLOCK}u);
  var key = sortedKey(begin);
  var begunBefore = sortedKey(begin - 1u) == key;
  var sum = 0.0;
  for (var k = begin; k < end; k++) {
    let order = heap[keysAt(c.step) + keyCount() + k];
    sum += bitcast<f32>(heap[c.dy + (o * keyCount() + order) * ${width} + i]);
    let next = sortedKey(k + 1u);
    if (next == key && k + 1u < end) { continue; }
    if (begunBefore) { heap[borderAt(o, b, i, 0u)] = bitcast<u32>(sum); }
    else if (next == key) { heap[borderAt(o, b, i, 1u)] = bitcast<u32>(sum); }
    else { addTo(o, key, i, sum); }
    key = next;
    begunBefore = false;
    sum = 0;
  }
}

/** The block in which a row that crosses a border begins adds up what the blocks after it left. */
${entry("join")} {
  let t = line(id, groups);
  if (t >= ${outer} * blocks() * ${width}) { return; }
  let i = t % ${width};
  let b = t / ${width} % blocks();
  let o = t / (${width} * blocks());
  let begin = b * ${BLOCK}u;
  let key = sortedKey(begin + ${BLOCK - 1}u);
  let begunBefore = sortedKey(begin - 1u) == key;
  if (key >= rowCount() || begunBefore || sortedKey(begin + ${BLOCK}u) != key) { return; }
  var sum = bitcast<f32>(heap[borderAt(o, b, i, 1u)]);
  for (var k = b + 1u; sortedKey(k * ${BLOCK}u) == key; k++) { sum += bitcast<f32>(heap[borderAt(o, k, i, 0u)]); }
  addTo(o, key, i, sum);
}
`;

function scatter(index: string, skip: string, sizes: (c: Arguments) => Sizes, code: string): WgslKernel {
  const few = direct(index, skip);
  return {
    heap: "u32",
    code: (c) => (c.m <= FEW ? few : code),
    passes(c): Pass[] {
      if (c.m <= FEW) return [{ entry: "direct", groups: line(count(c)) }];
      const { keys, rows, width, outer } = sizes(c);
      const digits = digitsOf(rows);
      const chunks = line(Math.ceil(keys / chunkOf(keys)));
      const blocks = line(outer * Math.ceil(keys / BLOCK) * width);
      const sort = Array.from({ length: digits }, (_, step): Pass[] => [
        { entry: "countDigits", groups: chunks, step },
        { entry: "scan", groups: [1], step },
        { entry: "place", groups: chunks, step },
      ]);
      return [
        { entry: "keys", groups: line(keys) },
        ...sort.flat(),
        { entry: "addBlocks", groups: blocks, step: digits },
        { entry: "join", groups: blocks, step: digits },
      ];
    },
    workspace(c) {
      if (c.m <= FEW) return 0;
      const { keys, width, outer } = sizes(c);
      return 4 * (4 * keys + 16 * Math.ceil(keys / chunkOf(keys)) + 2 * outer * Math.ceil(keys / BLOCK) * width);
    },
  };
}

/**
 * Gathers move 4-byte words and overwrite; scatters accumulate floats, in an order that depends on the indices alone. An index out of
 * range is reported by fault(); its element is read as 0, or not added.
 */
export const indexingKernels = {
  gatherRows: gather(rowIndex),
  gather: gather(elementIndex),
  scatterAddRows: scatter(
    rowIndex,
    "c.skip",
    (c) => ({ keys: c.m, rows: c.n, width: c.inner, outer: c.outer }),
    sorted(
      "u32(c.m)",
      "u32(c.n)",
      "u32(c.inner)",
      "u32(c.outer)",
      "select(row, rowCount(), row >= rowCount() || bitcast<i32>(row) == c.skip)",
    ),
  ),
  scatterAdd: scatter(
    elementIndex,
    "-1",
    (c) => ({ keys: count(c), rows: c.outer * c.n * c.inner, width: 1, outer: 1 }),
    sorted(
      "u32(c.outer * c.m * c.inner)",
      "u32(c.outer * c.n * c.inner)",
      "1u",
      "1u",
      "select((t / u32(c.inner * c.m) * u32(c.n) + row) * u32(c.inner) + t % u32(c.inner), rowCount(), row >= u32(c.n))",
    ),
  ),
} satisfies WgslKernels;
