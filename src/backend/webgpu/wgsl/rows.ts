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

/** What a body needs whose row has a workgroup. */
export const wide = /* wgsl */ `
const LANES = ${LANES}u;
var<workgroup> lanes: array<f32, ${LANES}>;
${tree("total", "lanes[lane] + other")}${tree("largest", "max(lanes[lane], other)")}
`;

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

/** The entry `rows` over `count` of them, and what its body needs. */
export const rowsEntry = (isWide: boolean, body: string, count = "c.rows"): string => /* wgsl */ `${isWide ? wide : narrow}${body}
@compute @workgroup_size(64) fn rows(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let r = ${isWide ? "group.x + group.y * groups.x" : "line(id, groups)"};
  if (r >= u32(${count})) { return; }
  row(r, ${isWide ? "lane" : "0u"});
}
`;

export const rowsPass = (rows: number, isWide: boolean): Pass => ({ entry: "rows", groups: line(isWide ? rows * LANES : rows) });
