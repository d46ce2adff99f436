import type { KernelName, KernelRow } from "../kernels.js";
import { kernels } from "../kernels.js";

/**
 * What a kernel's form may depend on: the dims of a call, which buffers are there (0: absent), and how the others are aligned (their
 * element positions by their remainder modulo 4).
 */
export type Arguments = Readonly<Record<ArgumentName, number>>;

/** The names of buffers and dims in the rows of the contract: a misspelled one is a type error. */
type ArgumentName = { [K in KernelName]: NamesOf<(typeof kernels)[K]> }[KernelName] | "workspace";
type NamesOf<R extends KernelRow> = R["reads"][number] | R["writes"][number] | R["dims"][number];

/** One dispatch: an entry point of the kernel's module over a grid of workgroups, with its own `step`. */
export interface Pass {
  readonly entry: string;
  readonly groups: readonly [x: number, y?: number, z?: number];
  /** The value of `c.step`, such as the time step of a recurrent pass. */
  readonly step?: number;
}

/** The capabilities of the device beyond WebGPU's minimum; kernels choose their forms by them. */
export interface Capabilities {
  readonly subgroups: boolean;
  /** True if products may take their factors as 16-bit floats: the feature is there and the user asked for it. */
  readonly f16: boolean;
  /** Bytes of workgroup memory, and threads of a workgroup. */
  readonly workgroupBytes: number;
  readonly workgroupThreads: number;
  /** True if the adapter is a processor: workgroup memory and barriers then cost more than they gain. */
  readonly software: boolean;
}

/** A kernel in WGSL. Its module sees `heap`, the whole memory, and `c`, the arguments of the call. */
export interface WgslKernel {
  /** Declarations and entry points; one text for each class of arguments that needs its own pipelines. */
  readonly code: string | ((c: Arguments, device: Capabilities) => string);
  /** The dispatches that make up a call, in order. */
  readonly passes: (c: Arguments, device: Capabilities) => readonly Pass[];
  /** The element type of `heap`; default f32. */
  readonly heap?: "f32" | "u32" | "vec4<f32>";
  /** Bytes of scratch memory, at `c.workspace`. */
  readonly workspace?: (c: Arguments, device: Capabilities) => number;
}

/** A family of kernels. */
export type WgslKernels = Partial<Record<KernelName, WgslKernel>>;

/** Threads of a workgroup in kernels over a line of elements. */
export const LINE = 64;

const MAX_GROUPS = 65535;

/** The grid for `n` threads, a thread an element: see `line()` in the prelude. */
export function line(n: number): readonly [number, number] {
  const groups = Math.ceil(n / LINE);
  const x = Math.min(Math.max(groups, 1), MAX_GROUPS);
  return [x, Math.ceil(groups / x) || 1];
}

/** The head of an entry point over a line of threads, whose number is `line(id, groups)`. */
export const entry = (name: string): string =>
  `@compute @workgroup_size(${LINE}) fn ${name}(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u)`;

/** An entry point of a thread for each of `count` items; `body` sees the number i of its own. */
export const each = (name: string, count: string, body: string): string => /* wgsl */ `
${entry(name)} {
  let i = line(id, groups);
  if (i >= u32(${count})) { return; }
  ${body}
}
`;

/** A kernel of one entry point, `main`, over `count` threads in a line. */
export const lineKernel = (count: (c: Arguments) => number, code: string, heap: WgslKernel["heap"] = "f32"): WgslKernel => ({
  heap,
  code,
  passes: (c) => [{ entry: "main", groups: line(count(c)) }],
});

/** The names of a row's arguments in the order in which the uniform holds them. */
export function argumentsOf(row: KernelRow): { buffers: readonly string[]; dims: readonly string[]; scalars: readonly string[] } {
  return { buffers: [...row.reads, ...row.writes, "workspace"], dims: [...row.dims, "step"], scalars: row.scalars };
}

/** A row's name as WGSL takes it: `std` is a reserved word there. */
const field = (name: string) => (name === "std" ? "std_" : name);

/**
 * Every module begins with this: the heap, the arguments as the contract's row names them, and what all kernels use. A compiler may take
 * a sum or a product apart to cancel terms (Mesa's does), but not through `rounded`: use it where a rounding error is computed on purpose.
 */
export function prelude(name: KernelName, heap: string, device: Capabilities): string {
  const { buffers, dims, scalars } = argumentsOf(kernels[name]);
  const fields = [
    ...buffers.map((buffer) => `${field(buffer)}: u32`),
    ...dims.map((dim) => `${field(dim)}: i32`),
    ...scalars.map((scalar) => `${field(scalar)}: f32`),
  ];
  return `${device.f16 ? "enable f16;\n" : ""}${device.subgroups ? "enable subgroups;\n" : ""}
struct Call { ${fields.join(", ")}, zero: u32 }
@group(0) @binding(0) var<storage, read_write> heap: array<${heap}>;
@group(0) @binding(1) var<uniform> c: Call;
fn line(id: vec3u, groups: vec3u) -> u32 { return id.x + id.y * groups.x * ${LINE}u; }
fn rounded(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) | c.zero); }
fn isNan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn isFinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }
`;
}
