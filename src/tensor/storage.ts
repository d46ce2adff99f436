import type { Backend } from "../backend/backend.js";
import { ALIGNMENT } from "../backend/heap.js";
import { checkBoolean } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatBytes } from "../util/format.js";
import { nth } from "../util/nth.js";
import { MOST_ELEMENTS } from "../util/shape.js";
import { copyCall, inRow, ROW } from "./layout.js";

/** The purpose of a tensor's memory, in the account that `memory()` returns. */
export type StorageKind = "parameter" | "buffer" | "gradient" | "optimizer" | "scope" | "other";

/** A place in a backend's memory, shared by a tensor and its views. */
export class TensorStorage {
  /** Tensors that hold this storage; it is freed with the last. */
  holders = 1;
  alive = true;
  /** True if it outlives every scope. */
  kept = false;
  /** The stack at its creation, in debug mode. */
  origin: string | undefined;

  constructor(
    readonly backend: Backend,
    public address: number,
    readonly bytes: number,
    public kind: StorageKind,
    /** The scope that frees it; none for what lives until dispose(). */
    public frame: Frame | undefined,
    /** True if `address` is an allocation of the heap, not a part of an arena or of another storage. */
    public owned: boolean,
  ) {}
}

/** A bump allocator over chunks of a backend's heap: scopes stack up in it and give back in reverse order. */
class Arena {
  #chunks: { address: number; bytes: number }[] = [];
  #chunk = 0;
  #used = 0;
  /** Bytes in use in the chunks before the current one, and the most there ever were in all. */
  #before = 0;
  #peak = 0;

  constructor(private readonly backend: Backend) {}

  take(bytes: number): number {
    const size = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    while (this.#chunk < this.#chunks.length && this.#used + size > nth(this.#chunks, this.#chunk).bytes) {
      this.#before += this.#used;
      this.#chunk++;
      this.#used = 0;
    }
    if (this.#chunk === this.#chunks.length) {
      const chunk = Math.max(size, MIN_CHUNK);
      this.#chunks.push({ address: this.backend.alloc(chunk), bytes: chunk });
    }
    const address = nth(this.#chunks, this.#chunk).address + this.#used;
    this.#used += size;
    this.#peak = Math.max(this.#peak, this.#before + this.#used);
    return address;
  }

  /** Gives chunks in which nothing lives back to the heap; false when there are none. */
  trim(): boolean {
    const spare = this.#chunks.splice(this.#used > 0 ? this.#chunk + 1 : this.#chunk);
    for (const { address } of spare) this.backend.free(address);
    return spare.length > 0;
  }

  mark(): Mark {
    return { chunk: this.#chunk, used: this.#used, before: this.#before };
  }

  /** Gives back all since the mark. When nothing is left, one chunk takes the place of all, as large as was ever needed. */
  release({ chunk, used, before }: Mark): void {
    this.#chunk = chunk;
    this.#used = used;
    this.#before = before;
    const held = this.#chunks.reduce((total, piece) => total + piece.bytes, 0);
    if (chunk > 0 || used > 0 || (this.#chunks.length < 2 && held === this.#peak)) return;
    for (const { address } of this.#chunks) this.backend.free(address);
    this.#chunks = [];
    try {
      this.#chunks.push({ address: this.backend.alloc(this.#peak), bytes: this.#peak });
    } catch {
      // No contiguous block this large is available; the next round takes chunks again.
    }
  }
}

const MIN_CHUNK = 1 << 14;

interface Mark {
  readonly chunk: number;
  readonly used: number;
  readonly before: number;
}

/** The facts that a scope must know of a tensor. */
export interface Tenant {
  readonly storage: TensorStorage;
  /** True if it outlives every scope. */
  readonly kept: boolean;
  /** The scope ends: the tensor gives up its hold on the storage. */
  expire(): void;
  /** The scope ends, and the tensor leaves it for the scope around, or for none. */
  leave(frame: Frame | undefined): void;
}

/** One open scope: what was made in it, and where each backend's arena stood when it opened. */
export class Frame {
  readonly storages: TensorStorage[] = [];
  readonly tensors: Tenant[] = [];
  readonly marks = new Map<Backend, Mark>();
}

const arenas = new WeakMap<Backend, Arena>();
const frames: Frame[] = [];
const heapStorages = new Set<TensorStorage>();
const collected = new FinalizationRegistry<string>((origin) =>
  console.warn(`seqgrad: a tensor was garbage-collected but never disposed of, made\n${origin}`),
);
let debugging = false;

function arenaOf(backend: Backend): Arena {
  let arena = arenas.get(backend);
  if (!arena) {
    arena = new Arena(backend);
    arenas.set(backend, arena);
  }
  return arena;
}

/** Allocates memory; if that fails, it first releases what the scopes hold in reserve. */
function takeFromHeap(backend: Backend, bytes: number): number {
  try {
    return backend.alloc(bytes);
  } catch (error) {
    if (!arenaOf(backend).trim()) throw error;
    return backend.alloc(bytes);
  }
}

export const currentFrame = (): Frame | undefined => frames.at(-1);

export const outermostFrame = (): Frame | undefined => frames[0];

/** Memory for `bytes`, in the innermost scope unless another home is named: a scope further out, or `null`, outside every scope. */
export function allocate(backend: Backend, bytes: number, kind: StorageKind = "other", home?: Frame | null): TensorStorage {
  if (!(bytes <= MOST_ELEMENTS * 4)) {
    const limit = formatBytes(MOST_ELEMENTS * 4);
    throw new SeqgradError("memory", `out of memory: a tensor of ${formatBytes(bytes)} is larger than the ${limit} that one may take.`);
  }
  const frame = home === null ? undefined : (home ?? currentFrame());
  let storage: TensorStorage;
  if (frame && frame === currentFrame()) {
    const arena = arenaOf(backend);
    if (!frame.marks.has(backend)) frame.marks.set(backend, arena.mark());
    storage = new TensorStorage(backend, arena.take(bytes), bytes, "scope", frame, false);
  } else {
    storage = new TensorStorage(backend, takeFromHeap(backend, bytes), bytes, kind, frame, true);
    heapStorages.add(storage);
    if (debugging) {
      storage.origin = new Error().stack?.split("\n").slice(2).join("\n") ?? "somewhere";
      if (!frame) collected.register(storage, storage.origin, storage);
    }
  }
  frame?.storages.push(storage);
  return storage;
}

export function release(storage: TensorStorage): void {
  if (!storage.alive) return;
  storage.alive = false;
  if (!storage.owned) return;
  heapStorages.delete(storage);
  if (storage.origin) collected.unregister(storage);
  storage.backend.free(storage.address);
}

/** Takes the storages of a backend that is destroyed out of the account. */
export function forget(backend: Backend): void {
  arenas.delete(backend);
  for (const storage of heapStorages) {
    if (storage.backend !== backend) continue;
    heapStorages.delete(storage);
    if (storage.origin) collected.unregister(storage);
  }
}

export function openFrame(): Frame {
  const frame = new Frame();
  frames.push(frame);
  return frame;
}

/**
 * Ends the innermost scope: the tensors that are `returned` go to the scope around it, those that were kept to none, with their memory;
 * the rest is freed, and all of it where `returned` is absent or memory runs out.
 */
export function closeFrame(frame: Frame, returned: ReadonlySet<Tenant> | undefined): void {
  if (frames.at(-1) !== frame) throw new SeqgradError("state", "scope: scopes must end in the reverse order of their start.");
  frames.pop();
  const outer = currentFrame();
  try {
    for (const tensor of frame.tensors) {
      if (!returned || !(tensor.kept || returned.has(tensor))) tensor.expire();
      else tensor.leave(tensor.kept ? undefined : outer);
    }
    for (const storage of frame.storages) if (storage.alive) moveToHeap(storage, storage.kept ? undefined : outer);
  } catch (error) {
    for (const tensor of frame.tensors) tensor.expire();
    throw error;
  } finally {
    for (const [backend, mark] of frame.marks) {
      arenaOf(backend).release(mark);
      // After a failure the next attempt may be a smaller one.
      if (!returned) arenaOf(backend).trim();
    }
  }
}

function moveToHeap(storage: TensorStorage, frame: Frame | undefined): void {
  if (!storage.owned) {
    const { backend, bytes } = storage;
    const address = takeFromHeap(backend, bytes);
    copyWords(backend, storage.address, address, bytes / 4);
    storage.address = address;
    storage.owned = true;
    storage.kind = "other";
    heapStorages.add(storage);
  }
  storage.frame = frame;
  frame?.storages.push(storage);
}

export function copyWords(backend: Backend, x: number, y: number, count: number): void {
  if (count > 0) backend.dispatch("copyStrided", copyCall(x, y, inRow(count), ROW, ROW));
}

/**
 * In debug mode every tensor outside a scope remembers where it was made, `leaks()` reports it, and a tensor lost to the garbage collector is
 * reported.
 *
 * @param on true to begin, false to end
 * @example
 * sg.setDebug(true);
 * const forgotten = sg.zeros([3]);
 * console.log(sg.leaks()); // where it was made
 * sg.setDebug(false);
 */
export function setDebug(on: boolean): void {
  debugging = checkBoolean("setDebug", "on", on);
}

/**
 * The origins of the tensors alive outside every scope that were made in debug mode.
 *
 * @returns a text for each
 * @example
 * console.log(sg.leaks().length);
 */
export function leaks(): string[] {
  return [...heapStorages].flatMap(({ origin, kind, frame }) => (origin && kind === "other" && !frame ? [origin] : []));
}

export interface MemoryAccount {
  /** Bytes alive, by kind. */
  readonly bytes: Readonly<Record<StorageKind, number>>;
  /** Number of tensor storages alive. */
  readonly tensors: number;
}

/** The memory alive on a backend. */
export function account(backend: Backend): MemoryAccount {
  const bytes = { parameter: 0, buffer: 0, gradient: 0, optimizer: 0, scope: 0, other: 0 };
  const inFrames = frames.flatMap((frame) => frame.storages.filter((storage) => storage.alive && !storage.owned));
  let tensors = 0;
  for (const storage of [...heapStorages, ...inFrames]) {
    if (storage.backend !== backend) continue;
    bytes[storage.kind] += storage.bytes;
    tensors++;
  }
  return { bytes, tensors };
}
