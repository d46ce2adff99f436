import { SeqgradError } from "../../util/errors.js";
import type { DType, ImmediateBackend, MemoryUse, TensorData, WasmVariant } from "../backend.js";
import { align, Heap } from "../heap.js";
import { addressOf, type KernelName, type KernelRow, kernels, type NamedCall } from "../kernels.js";
import { detectVariant, instantiateKernels, type Kernels, threading, type WasmSource } from "./modules.js";
import type { Crew, CrewOptions, Kernel, Plan } from "./threads/crew.js";

export interface WasmOptions {
  /** Default: the fastest that the runtime supports. Where there is a source, its kernels decide. */
  variant?: WasmVariant | undefined;
  source?: WasmSource | undefined;
  /** Bytes that the memory may reach, at most and by default 4 GiB less a page. */
  memoryLimit?: number | undefined;
  /** The kernels that must be there, all by default. Those of the core module always are. */
  needed?: Iterable<KernelName> | undefined;
  /** Threads, the caller's included, 1 by default. */
  threads?: "auto" | number | undefined;
  crew?: CrewOptions | undefined;
}

const PAGE = 65536;
const MAX_PAGES = 65535;

/** The variants in the order of the kernels' own numbers, and their names for a user. */
const variants = ["simd", "relaxed", "wide"] as const;
const names = { simd: "SIMD", relaxed: "relaxed SIMD", wide: "relaxed SIMD in 256 bits" };

/** True for a function, which of a module of kernels takes and returns numbers. */
const isKernel = (value: unknown): value is Kernel => typeof value === "function";

interface Entry {
  readonly call: Kernel;
  readonly buffers: readonly string[];
  readonly values: readonly string[];
  readonly optional: ReadonlySet<string>;
  /** Bytes of scratch memory, where the kernel needs any. */
  readonly workspace: ((call: NamedCall) => number) | undefined;
  /** How threads share its calls, where they do. */
  readonly plan: Plan | undefined;
  /** Those of the last call; each overwrites them all. */
  readonly args: number[];
}

/** The size of a workspace from the arguments of a call; of a buffer it matters whether it is there. */
function workspaceOf(bytes: Kernel, names: readonly string[]): (call: NamedCall) => number {
  const args: number[] = [];
  return (call) => {
    let at = 0;
    for (const name of names) {
      const value = call[name];
      args[at++] = typeof value === "number" ? value : Number(value !== undefined);
    }
    return bytes.apply(undefined, args) ?? 0;
  };
}

/** Compiles the kernels and makes a backend over a memory of its own. */
export async function createWasmBackend(options: WasmOptions = {}): Promise<WasmBackend> {
  const variant = options.variant ?? (await detectVariant());
  const crew = await openCrew(options);
  const memory = typeof crew === "object" ? crew.memory : new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES });
  const needed = options.needed ?? Object.keys(kernels);
  const pages = typeof crew === "object" ? MAX_PAGES : undefined;
  const load = (requested: WasmVariant) => instantiateKernels(requested, memory, needed, options.source, pages);
  return new WasmBackend(memory, await load(variant), options.memoryLimit ?? MAX_PAGES * PAGE, load, crew);
}

/** The threads other than the caller's, or why there are none. */
async function openCrew({ threads = 1, source, crew = {} }: WasmOptions): Promise<Crew | string> {
  if (threads === 1) return "";
  if (source?.module) return "the kernels came as a module; give url or bytes";
  if (globalThis.crossOriginIsolated === false)
    return "this page is not cross-origin isolated: send the headers COOP and COEP; see seqgrad's guide, Threads";
  return (await threading()).openCrew(threads, MAX_PAGES, crew);
}

/** Kernels in WebAssembly over one growing linear memory; every call is synchronous. */
export class WasmBackend implements ImmediateBackend {
  readonly type = "wasm";
  readonly #heap: Heap;
  /** Without a page once the device is destroyed. */
  #memory: WebAssembly.Memory;
  readonly #entries = new Map<string, Entry>();
  /** The threads other than the caller's, or why there are none. */
  readonly #crew: Crew | string;
  #variant: WasmVariant = "simd";
  readonly #load: (variant: WasmVariant) => Promise<Kernels>;

  constructor(
    memory: WebAssembly.Memory,
    loaded: Kernels,
    memoryLimit: number,
    load: (variant: WasmVariant) => Promise<Kernels>,
    crew: Crew | string = "",
  ) {
    this.#memory = memory;
    this.#load = load;
    this.#crew = crew;
    if (typeof crew === "object") crew.serve(this);
    // Static data of the kernels lies in the first page.
    this.#heap = new Heap(PAGE, Math.min(memoryLimit, MAX_PAGES * PAGE), (end) => this.#reserve(end));
    this.#adopt(loaded);
  }

  get variant(): WasmVariant {
    return this.#variant;
  }

  /** Switches to another variant with the same bits, from the next call on. The static data of both lie at the same places. */
  async become(variant: WasmVariant): Promise<void> {
    if (variant === this.#variant) return;
    const loaded = await this.#load(variant);
    // None are left where the device was destroyed meanwhile.
    if (this.#entries.size > 0) this.#adopt(loaded);
  }

  #adopt({ exports, modules }: Kernels): void {
    const { variant } = exports;
    this.#variant = variants[isKernel(variant) ? (variant() ?? 0) : 0] ?? "simd";
    const crew = typeof this.#crew === "object" ? this.#crew : undefined;
    crew?.adopt(modules);
    for (const [name, row] of Object.entries<KernelRow>(kernels)) {
      const call = exports[name];
      const bytes = exports[`${name}Workspace`];
      if (!isKernel(call) || (row.workspace && !isKernel(bytes))) continue;
      const buffers = [...row.reads, ...row.writes];
      const values = [...row.dims, ...row.scalars];
      const optional = new Set(row.optional);
      const workspace = row.workspace && isKernel(bytes) ? workspaceOf(bytes, row.workspace) : undefined;
      this.#entries.set(name, { call, buffers, values, optional, workspace, plan: crew?.planOf(name), args: [] });
    }
  }

  get info(): string {
    const crew = this.#crew;
    const threads = typeof crew === "object" ? crew.info : `one thread${crew && ` (${crew})`}`;
    return `WebAssembly, ${names[this.variant]}, ${threads}`;
  }

  get threads(): number {
    return typeof this.#crew === "object" ? this.#crew.threads : 1;
  }

  /** Starts its threads now, and waits for them: for tests and measurements. */
  async ready(): Promise<this> {
    if (typeof this.#crew === "object") await this.#crew.ready();
    return this;
  }

  alloc(bytes: number): number {
    return this.#heap.alloc(bytes);
  }

  free(address: number): void {
    this.#heap.free(address);
  }

  write(address: number, data: TensorData | readonly number[]): void {
    const view = data instanceof Int32Array ? Int32Array : Float32Array;
    new view(this.#buffer, address, data.length).set(data);
  }

  async read(address: number, count: number, dtype: DType): Promise<TensorData> {
    return this.readSync(address, count, dtype);
  }

  readSync(address: number, count: number, dtype: DType): TensorData {
    const view = dtype === "int32" ? Int32Array : Float32Array;
    return new view(this.#buffer, address, count).slice();
  }

  has(kernel: KernelName): boolean {
    return this.#entries.has(kernel);
  }

  dispatch(kernel: KernelName, call: NamedCall): number {
    const entry = this.#entries.get(kernel);
    if (!entry) this.#heap.check();
    if (!entry)
      throw new SeqgradError(
        "device",
        `wasm: the ${this.variant} kernels lack ${kernel}; they are of another version, or the operation was loaded after the device was made.`,
      );
    const { args } = entry;
    let at = 0;
    for (const name of entry.buffers) {
      const buffer = call[name];
      if (buffer === undefined && !entry.optional.has(name)) throw new SeqgradError("value", `${kernel}: the buffer ${name} is missing.`);
      args[at++] = addressOf(buffer ?? 0);
    }
    let shares = entry.plan && typeof this.#crew === "object" ? this.#crew.share(entry.plan, call) : undefined;
    let room = 0;
    if (entry.workspace) {
      room = align(entry.workspace(call));
      try {
        args[at] = this.#heap.scratch(room * (shares?.count ?? 1));
      } catch (error) {
        if (!shares) throw error;
        shares = undefined;
        args[at] = this.#heap.scratch(room);
      }
      at++;
    }
    for (const name of entry.values) {
      const value = call[name];
      if (typeof value !== "number") throw new SeqgradError("value", `${kernel}: the argument ${name} is missing.`);
      args[at++] = value;
    }
    if (shares && typeof this.#crew === "object") return this.#crew.run(shares, entry.call, args, call, room);
    return entry.call.apply(undefined, args) ?? -1;
  }

  /** Bytes of scratch memory that a call needs. */
  workspace(kernel: KernelName, call: NamedCall): number {
    return this.#entries.get(kernel)?.workspace?.(call) ?? 0;
  }

  memory(): MemoryUse {
    return this.#heap.use();
  }

  /** The memory and the kernels, which refer to it, go to the garbage collector. */
  destroy(): void {
    this.#heap.destroy("wasm");
    if (typeof this.#crew === "object") this.#crew.close();
    this.#entries.clear();
    this.#memory = new WebAssembly.Memory({ initial: 0 });
  }

  get #buffer(): ArrayBuffer {
    this.#heap.check();
    return this.#memory.buffer;
  }

  #reserve(end: number): boolean {
    const missing = Math.ceil((end - this.#buffer.byteLength) / PAGE);
    if (missing <= 0) return true;
    try {
      this.#memory.grow(missing);
      return true;
    } catch {
      return false;
    }
  }
}
