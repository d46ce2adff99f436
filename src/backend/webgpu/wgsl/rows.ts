import { type Capabilities, line, type Pass } from "../kernel.js";

// Kernels over the rows of [rows, cols], in one text for two forms: a thread a row, or a workgroup a row, whose lanes take every 64th
// column. A body is a function `row(r, lane)` that loops over its columns from lane by LANES, and calls total() and largest(), which all
// lanes must reach: sums by a fixed tree over the lanes.

const LANES = 64;

/** Rows from this length on are worth a workgroup. */
const LONG = 128;

export const isWide = (cols: number, { software }: Capabilities): boolean => !software && cols >= LONG;

const tree = (name: string, join: string) => /* wgsl */ `
fn ${name}(v: f32, lane: u32) -> f32 {
  lanes[lane] = v;
  workgroupBarrier();
  for (var half = ${LANES / 2}u; half > 0u; half /= 2u) {
    if (lane < half) { let other = lanes[lane + half]; lanes[lane] = ${join}; }
    workgroupBarrier();
  }
  let result = lanes[0];
  workgroupBarrier();
  return result;
}
`;

/** The inputs of a body whose row has a workgroup. */
export const wide = /* wgsl */ `
const LANES = ${LANES}u;
var<workgroup> lanes: array<f32, ${LANES}>;
${tree("total", "lanes[lane] + other")}${tree("largest", "max(lanes[lane], other)")}
`;

/**
 * The body of a function that returns the sum of `term` over the columns k of a row: a lane adds up blocks of 64 terms, and the blocks with
 * what each addition loses (Neumaier 1974), so that the error does not grow with the length.
 */
export const longSum = (term: string): string => /* wgsl */ `
  var sum = 0.0; var lost = 0.0;
  for (var first = lane; first < u32(c.cols); first += LANES * 64u) {
    var part = 0.0;
    for (var k = first; k < min(first + LANES * 64u, u32(c.cols)); k += LANES) { part += ${term}; }
    let next = rounded(sum + part);
    lost += select((part - next) + sum, (sum - next) + part, abs(sum) >= abs(part));
    sum = next;
  }
  if (isFinite(sum)) { sum += lost; }
  return total(sum, lane);`;

/** total() for entries of one workgroup, whatever the form of the others. */
export const workgroupTotal = /* wgsl */ `
var<workgroup> sums: array<f32, ${LANES}>;
${tree("workgroupSum", "lanes[lane] + other").replaceAll("lanes[", "sums[")}
`;

const narrow = /* wgsl */ `
const LANES = 1u;
fn total(v: f32, lane: u32) -> f32 { return v; }
fn largest(v: f32, lane: u32) -> f32 { return v; }
`;

/** The work of the threads after those of the rows, in the same pass: `body` sees the number i of its own. */
export interface Beside {
  /** In WGSL, and as a number. */
  readonly count: readonly [text: string, number: number];
  readonly body: string;
}

const besideEntry = (isWide: boolean, count: string, beside: Beside): string => /* wgsl */ `
  let rowThreads = ${isWide ? `u32(${count})` : `(u32(${count}) + ${LANES - 1}u) / ${LANES}u * ${LANES}u`};
  if (r >= rowThreads) {
    let i = ${isWide ? `(r - rowThreads) * ${LANES}u + lane` : "r - rowThreads"};
    if (i < ${beside.count[0]}) { ${beside.body} }
    return;
  }`;

/** The entry `rows` over `count` of them, and what its body needs. */
export const rowsEntry = (
  isWide: boolean,
  body: string,
  count = "c.rows",
  beside?: Beside,
): string => /* wgsl */ `${isWide ? wide : narrow}${body}
@compute @workgroup_size(64) fn rows(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let r = ${isWide ? "group.x + group.y * groups.x" : "line(id, groups)"};
  ${beside ? besideEntry(isWide, count, beside) : ""}
  if (r >= u32(${count})) { return; }
  row(r, ${isWide ? "lane" : "0u"});
}
`;

export function rowsPass(rows: number, isWide: boolean, beside?: Beside): Pass {
  const threads = isWide ? rows * LANES : beside ? Math.ceil(rows / LANES) * LANES : rows;
  return { entry: "rows", groups: line(threads + (beside?.count[1] ?? 0)) };
}
