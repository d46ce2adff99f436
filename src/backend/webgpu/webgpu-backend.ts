import { messageOf, SeqgradError } from "../../util/errors.js";
import { nth } from "../../util/nth.js";
import type { Deferred, DeferredBackend, DType, MemoryUse, TensorData } from "../backend.js";
import { Heap } from "../heap.js";
import { type KernelName, type KernelRow, kernels, type NamedCall } from "../kernels.js";
import type { Capabilities } from "./kernel.js";
import { KernelPipelines, type PlannedPass } from "./kernel-pipelines.js";
import { wgslKernels } from "./wgsl/index.js";

/** Bytes that no tensor gets: position 0 means absent, and a kernel that meets an index out of range leaves its mark in the words after it. */
const HEADER = 64;
/** The address of the last word of a kernel's mark. */
const POISON = 12;
const FIRST_BYTES = 1 << 22;
/** A submission brings one ring's worth of arguments and small data: slots of these bytes, a pass taking one. */
const SLOT = 256;
const SLOTS = 4096;
/** Larger writes go around the ring. */
const LARGE_WRITE = (SLOT * SLOTS) / 4;
/** Read buffers up to this size are kept for the next read. */
const POOLED = 1 << 16;

/** Small data on its way from the ring to the heap, as byte offsets. */
interface Copy {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

export interface WebGpuCounts {
  /** Calls of `dispatch`, passes encoded, and command buffers submitted so far. */
  calls: number;
  passes: number;
  submissions: number;
}

/**
 * Kernels in WGSL over one growing storage buffer. Calls and writes queue up; they go to the device by submit(), at the
 * end of the task in which something was read, and when the ring of arguments is full. Only `read` waits.
 */
export class WebGpuBackend implements DeferredBackend {
  readonly type = "webgpu";
  readonly async: Deferred;
  readonly counts: WebGpuCounts = { calls: 0, passes: 0, submissions: 0 };
  readonly #device: GPUDevice;
  readonly #heap: Heap;
  readonly #kernels: ReadonlyMap<KernelName, KernelPipelines>;
  readonly #layout: GPUBindGroupLayout;
  readonly #uniforms: GPUBuffer;
  readonly #ints = new Int32Array((SLOT * SLOTS) / 4);
  readonly #floats = new Float32Array(this.#ints.buffer);
  readonly #staging = new Map<number, GPUBuffer[]>();
  readonly #limit: number;
  #buffer: GPUBuffer;
  /** The heap and a slot of arguments, made when the slot is first used: to bind one is quicker than an offset. */
  #groups: GPUBindGroup[] = [];
  #encoder: GPUCommandEncoder | undefined;
  /** The calls to encode, and the slot of each: in one loop, which takes half the time that the driver's calls take one by one. */
  readonly #queue: (PlannedPass | Copy)[] = [];
  readonly #slots: number[] = [];
  #slot = 0;
  #submission: Promise<void> | undefined;
  /** Why nothing can be done any more. */
  #failure: string | undefined;

  constructor(
    device: GPUDevice,
    readonly info: string,
    readonly capabilities: Capabilities,
    memoryLimit = Number.POSITIVE_INFINITY,
  ) {
    this.#device = device;
    this.#limit = Math.min(memoryLimit, device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
    this.#layout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: 4, buffer: { type: "storage" } },
        { binding: 1, visibility: 4, buffer: { type: "uniform" } },
      ],
    });
    this.#uniforms = device.createBuffer({ label: "arguments", size: SLOT * SLOTS, usage: UNIFORM | COPY_SRC | COPY_DST });
    this.#buffer = this.#newBuffer(Math.min(FIRST_BYTES, this.#limit));
    const limitName = memoryLimit === this.#limit ? "memoryLimit" : "maxStorageBufferBindingSize of the adapter";
    this.#heap = new Heap(HEADER, this.#limit, (end) => this.#reserve(end), limitName);
    const layout = device.createPipelineLayout({ bindGroupLayouts: [this.#layout] });
    const made = Object.entries(wgslKernels).map(([key, wgsl], i) => {
      const name = key as KernelName;
      return [name, new KernelPipelines(name, kernels[name], wgsl, i + 1, device, layout, capabilities)] as const;
    });
    this.#kernels = new Map(made);
    device.onuncapturederror = ({ error }) => {
      this.#failure ??= `webgpu: ${error.message}`;
    };
    const lost = device.lost.then(({ message, reason }) => {
      this.#failure ??= `webgpu: the device is gone (${reason}): ${message || "no reason given"}. Make another by init().`;
      return this.#failure;
    });
    this.async = { poison: POISON, lost, submit: () => this.#submit() };
  }

  alloc(bytes: number): number {
    return this.#heap.alloc(bytes);
  }

  free(address: number): void {
    this.#heap.free(address);
  }

  write(address: number, data: TensorData | readonly number[]): void {
    this.#throwFailure();
    // A copy: the data may be of another width, or lie in shared memory, which a queue cannot take.
    const words = data instanceof Int32Array ? Int32Array.from(data) : Float32Array.from(data);
    if (words.length === 0) return;
    if (words.byteLength > LARGE_WRITE) {
      this.#submit();
      this.#device.queue.writeBuffer(this.#buffer, address, words);
      return;
    }
    const at = this.#takeSlots(Math.ceil(words.byteLength / SLOT));
    (words instanceof Int32Array ? this.#ints : this.#floats).set(words, at / 4);
    this.#queue.push({ from: at, to: address, bytes: words.byteLength });
    this.#slots.push(at / SLOT);
  }

  async read(address: number, count: number, dtype: DType): Promise<TensorData> {
    this.#throwFailure();
    const bytes = count * 4;
    const staging = this.#takeStaging(HEADER + bytes);
    try {
      const encoder = this.#encode();
      encoder.copyBufferToBuffer(this.#buffer, 0, staging, 0, HEADER);
      if (bytes > 0) encoder.copyBufferToBuffer(this.#buffer, address, staging, HEADER, bytes);
      await this.#submitSoon();
      await staging.mapAsync(1, 0, HEADER + bytes);
      const copy = staging.getMappedRange(0, HEADER + bytes).slice(0);
      staging.unmap();
      this.#giveStaging(staging);
      this.#checkFault(new Int32Array(copy, 0, HEADER / 4));
      this.#throwFailure();
      return new (dtype === "int32" ? Int32Array : Float32Array)(copy, HEADER, count);
    } catch (error) {
      // A device that is gone may say so here first.
      if (!(error instanceof SeqgradError)) this.#failure ??= `webgpu: a read failed: ${messageOf(error)}`;
      this.#throwFailure();
      throw error;
    }
  }

  has(kernel: KernelName): boolean {
    return this.#kernels.has(kernel);
  }

  dispatch(kernel: KernelName, call: NamedCall): number {
    this.#throwFailure();
    const pipelines = this.#kernels.get(kernel);
    if (!pipelines)
      throw new SeqgradError("device", `webgpu: there is no kernel ${kernel}; its operation runs through its composition here.`);
    const { passes, workspace } = pipelines.plan(call);
    const { words, workspaceWord, stepWord } = pipelines;
    if (workspace > 0) words[workspaceWord] = this.#heap.scratch(workspace) / 4;
    for (const pass of passes) {
      words[stepWord] = pass.step;
      const at = this.#takeSlots(1);
      this.#ints.set(words, at / 4);
      this.#queue.push(pass);
      this.#slots.push(at / SLOT);
    }
    this.counts.passes += passes.length;
    this.counts.calls++;
    return -1;
  }

  #submit(): void {
    if (!this.#encoder && this.#queue.length === 0) return;
    const encoder = this.#encode();
    if (this.#slot > 0) this.#device.queue.writeBuffer(this.#uniforms, 0, this.#ints, 0, (this.#slot * SLOT) / 4);
    this.#device.queue.submit([encoder.finish()]);
    this.#encoder = undefined;
    this.#slot = 0;
    this.counts.submissions++;
  }

  memory(): MemoryUse {
    return { ...this.#heap.use(), reserved: this.#buffer.size };
  }

  /** Gives all memory back; the backend is of no more use. */
  destroy(): void {
    this.#encoder = undefined;
    this.#queue.length = 0;
    this.#device.destroy();
    this.#failure ??= "webgpu: the device was destroyed; make another by init().";
  }

  /** Encodes what is queued; between copies all dispatches share a pass. */
  #encode(): GPUCommandEncoder {
    this.#encoder ??= this.#device.createCommandEncoder();
    const encoder = this.#encoder;
    let pass: GPUComputePassEncoder | undefined;
    let last: GPUComputePipeline | undefined;
    for (let i = 0; i < this.#queue.length; i++) {
      const work = this.#queue[i]!;
      if ("bytes" in work) {
        pass?.end();
        pass = last = undefined;
        encoder.copyBufferToBuffer(this.#uniforms, work.from, this.#buffer, work.to, work.bytes);
        continue;
      }
      pass ??= encoder.beginComputePass();
      const { pipeline, groups } = work;
      if (pipeline !== last) pass.setPipeline(pipeline);
      last = pipeline;
      const slot = this.#slots[i]!;
      pass.setBindGroup(0, this.#groups[slot] ?? this.#bind(slot));
      pass.dispatchWorkgroups(groups[0], groups[1], groups[2]);
    }
    pass?.end();
    this.#queue.length = this.#slots.length = 0;
    return encoder;
  }

  /** Submits at the end of the task, so that all reads of the task share a submission. */
  #submitSoon(): Promise<void> {
    this.#submission ??= Promise.resolve().then(() => {
      this.#submission = undefined;
      this.#submit();
    });
    return this.#submission;
  }

  /** Room in the ring, as a byte offset. */
  #takeSlots(count: number): number {
    if (this.#slot + count > SLOTS) this.#submit();
    const at = this.#slot * SLOT;
    this.#slot += count;
    return at;
  }

  #takeStaging(bytes: number): GPUBuffer {
    const size = 2 ** Math.ceil(Math.log2(bytes));
    return this.#staging.get(size)?.pop() ?? this.#device.createBuffer({ label: "read", size, usage: MAP_READ | COPY_DST });
  }

  #giveStaging(buffer: GPUBuffer): void {
    const pool = this.#staging.get(buffer.size);
    if (buffer.size > POOLED) buffer.destroy();
    else if (pool) pool.push(buffer);
    else this.#staging.set(buffer.size, [buffer]);
  }

  /** The mark that a kernel left when it met an index out of range: its number plus 1, and the position. */
  #checkFault(header: Int32Array): void {
    const [, mark = 0, position] = header;
    if (mark === 0) return;
    this.#device.queue.writeBuffer(this.#buffer, 0, new Int32Array(HEADER / 4));
    const name = nth([...this.#kernels.keys()], mark - 1);
    const { checks }: KernelRow = kernels[name];
    throw new SeqgradError(
      "range",
      `${name}: ${checks}[${position}] is out of range; the output of this call is invalid. Check the data; on the wasm device the failing call reports it.`,
    );
  }

  #throwFailure(): void {
    if (this.#failure) throw new SeqgradError("device", this.#failure);
  }

  #newBuffer(size: number): GPUBuffer {
    return this.#device.createBuffer({ label: "heap", size, usage: STORAGE | COPY_SRC | COPY_DST });
  }

  #bind(slot: number): GPUBindGroup {
    const group = this.#device.createBindGroup({
      layout: this.#layout,
      entries: [
        { binding: 0, resource: { buffer: this.#buffer } },
        { binding: 1, resource: { buffer: this.#uniforms, offset: slot * SLOT, size: SLOT } },
      ],
    });
    this.#groups[slot] = group;
    return group;
  }

  /** A larger buffer with the content of the one before. */
  #reserve(end: number): boolean {
    const before = this.#buffer;
    if (end <= before.size) return true;
    const size = Math.min(this.#limit, Math.max(Math.ceil(end / SLOT) * SLOT, before.size * 2));
    if (end > size) return false;
    this.#submit();
    const larger = this.#newBuffer(size);
    const encoder = this.#encode();
    encoder.copyBufferToBuffer(before, 0, larger, 0, before.size);
    this.#submit();
    before.destroy();
    this.#buffer = larger;
    this.#groups = [];
    return true;
  }
}

// The values of GPUBufferUsage, which Node has no global for.
const MAP_READ = 0x1;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;
const UNIFORM = 0x40;
const STORAGE = 0x80;
