import { SeqgradError } from "../../util/errors.js";
import { nth } from "../../util/nth.js";
import { addressOf, type KernelName, type KernelRow, type NamedCall } from "../kernels.js";
import { type Arguments, argumentsOf, type Capabilities, prelude, type WgslKernel } from "./kernel.js";

/** A dispatch of a plan. */
export interface PlannedPass {
  readonly pipeline: GPUComputePipeline;
  readonly groups: readonly [x: number, y: number, z: number];
  readonly step: number;
}

/**
 * How calls of a kernel with the same dims, the same buffers present, and the same alignment of each are carried out; addresses, scalars
 * and where the random numbers start make no difference.
 */
export interface Plan {
  readonly passes: readonly PlannedPass[];
  /** Bytes of scratch memory. */
  readonly workspace: number;
}

/** Dims that are other numbers in every call. */
const STREAM = new Set(["key0", "key1", "counter0", "counter1"]);

/** Of the hash FNV-1a. */
const PRIME = 0x01000193;

function sameWords(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A module, and its pipelines by their entry point. */
interface Module {
  readonly module: GPUShaderModule;
  readonly pipelines: Map<string, GPUComputePipeline>;
}

/** The most plans kept of one kernel, so that sequences of ever new lengths do not fill the memory. */
const KEPT = 512;

/** A kernel's modules, pipelines and plans, each made when first needed. */
export class KernelPipelines {
  /** The arguments of the call at hand, as the uniform holds them. */
  readonly words: Int32Array<ArrayBuffer>;
  /** The indices among them of the scratch memory's position and of the step. */
  readonly workspaceWord: number;
  readonly stepWord: number;
  readonly #floats: Float32Array;
  readonly #names: ReturnType<typeof argumentsOf>;
  readonly #optional: ReadonlySet<string>;
  /** By their text: most texts are one string for good, found without being read. */
  readonly #modules = new Map<string, Module>();
  /** The values that the form of this call may depend on, and the plans by their hash. */
  readonly #key: Int32Array;
  readonly #plans = new Map<number, Plan & { readonly key: Int32Array }>();

  constructor(
    private readonly name: KernelName,
    private readonly row: KernelRow,
    private readonly wgsl: WgslKernel,
    /** The mark that fault() leaves for the kernel. */
    private readonly mark: number,
    private readonly device: GPUDevice,
    private readonly layout: GPUPipelineLayout,
    private readonly capabilities: Capabilities,
  ) {
    this.#names = argumentsOf(row);
    this.#optional = new Set(row.optional);
    const { buffers, dims, scalars } = this.#names;
    // Behind them all is the word `zero`.
    this.words = new Int32Array(buffers.length + dims.length + scalars.length + 1);
    this.#floats = new Float32Array(this.words.buffer);
    this.#key = new Int32Array(buffers.length + dims.length);
    this.workspaceWord = buffers.indexOf("workspace");
    this.stepWord = buffers.length + dims.indexOf("step");
  }

  /** Fills `words` from a call, and says how to carry it out. */
  plan(call: NamedCall): Plan {
    const { words } = this;
    const { buffers, dims, scalars } = this.#names;
    const key = this.#key;
    let hash = 0;
    let i = 0;
    for (const name of buffers) {
      const buffer = call[name];
      if (buffer === undefined && name !== "workspace" && !this.#optional.has(name)) this.#missing(name);
      const position = buffer === undefined ? 0 : addressOf(buffer) / 4;
      words[i] = position;
      const form = standIn(position);
      key[i] = form;
      hash = Math.imul(hash ^ form, PRIME);
      i++;
    }
    for (const name of dims) {
      const value = name === "step" ? 0 : call[name];
      if (typeof value !== "number") this.#missing(name);
      words[i] = value;
      const form = STREAM.has(name) ? 0 : value;
      key[i] = form;
      hash = Math.imul(hash ^ form, PRIME);
      i++;
    }
    for (const name of scalars) {
      const value = call[name];
      if (typeof value !== "number") this.#missing(name);
      this.#floats[i++] = value;
    }
    const found = this.#plans.get(hash);
    if (found && sameWords(found.key, key)) return found;
    if (this.#plans.size === KEPT) this.#plans.clear();
    const made = { ...this.#make(), key: key.slice() };
    this.#plans.set(hash, made);
    return made;
  }

  #make(): Plan {
    const { buffers, dims } = this.#names;
    const { wgsl, capabilities } = this;
    const c = Object.fromEntries([...buffers, ...dims].map((name, i) => [name, nth(this.#key, i)])) as Arguments;
    const text = typeof wgsl.code === "string" ? wgsl.code : wgsl.code(c, capabilities);
    const passes = wgsl.passes(c, capabilities).flatMap(({ entry, groups: [x, y = 1, z = 1], step = 0 }) => {
      return x * y * z > 0 ? [{ pipeline: this.#pipeline(text, entry), groups: [x, y, z] as const, step }] : [];
    });
    return { passes, workspace: wgsl.workspace?.(c, capabilities) ?? 0 };
  }

  #pipeline(text: string, entry: string): GPUComputePipeline {
    const { module, pipelines } = this.#module(text);
    let pipeline = pipelines.get(entry);
    if (!pipeline) {
      const label = entry === "main" ? this.name : `${this.name}.${entry}`;
      pipeline = this.device.createComputePipeline({ label, layout: this.layout, compute: { module, entryPoint: entry } });
      pipelines.set(entry, pipeline);
    }
    return pipeline;
  }

  #module(text: string): Module {
    let made = this.#modules.get(text);
    if (!made) {
      const { heap = "f32" } = this.wgsl;
      const fault = this.row.checks ? faultFunction(this.mark, heap) : "";
      const module = this.device.createShaderModule({ label: this.name, code: prelude(this.name, heap, this.capabilities) + fault + text });
      made = { module, pipelines: new Map() };
      this.#modules.set(text, made);
    }
    return made;
  }

  #missing(argument: string): never {
    throw new SeqgradError("value", `${this.name}: the argument ${argument} is missing.`);
  }
}

/** The part of a position that a kernel's form sees: 0 when the buffer is absent, else a small number of the same remainder by 4. */
const standIn = (position: number) => (position === 0 ? 0 : 4 + (position & 3));

/** Leaves the kernel's mark, the position, and NaN, where no kernel before it did; among several bad positions of a call any may win. */
function faultFunction(mark: number, heap: string): string {
  const word = heap === "u32" ? "heap[1]" : "bitcast<u32>(heap[1])";
  const cast = (value: string) => (heap === "u32" ? value : `bitcast<f32>(${value})`);
  // A NaN that is not a constant expression: WGSL forbids those.
  const nan = "0x7fc00000u + (position & 1u)";
  return `fn fault(position: u32) {
  if (${word} != 0u && ${word} != ${mark}u) { return; }
  heap[1] = ${cast(`${mark}u`)}; heap[2] = ${cast("position")}; heap[3] = ${cast(nan)};
}\n`;
}
