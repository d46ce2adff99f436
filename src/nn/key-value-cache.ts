import { isRecording } from "../autograd/tape.js";
import type { Backend } from "../backend/backend.js";
import { checkDevice, defaultDevice } from "../tensor/device.js";
import { checkTensor, copyStrided, InternalTensor, internal } from "../tensor/internal.js";
import { scope } from "../tensor/scope.js";
import { allocate, release } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInteger, checkLayers, checkList, checkObject } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions, namesOf } from "../util/options.js";
import { checkShape, sizeOf } from "../util/shape.js";

/** Keys and values of one layer, heads side by side. */
export interface KeysAndValues {
  /** `[B, S, K D]` */
  readonly k: Tensor;
  readonly v: Tensor;
}

/** One layer's part of a cache. */
export interface LayerCache {
  /** The number of positions before. */
  readonly length: number;
  /**
   * Adds the keys and values of new positions and returns the keys and values of all positions.
   *
   * @param k `[B, T, W]`, the keys of T new positions
   * @param v `[B, T, W]`, their values
   * @returns keys and values `[B, length + T, W]`
   */
  append(k: Tensor, v: Tensor): KeysAndValues;
}

export interface KeyValueCacheOptions {
  /** The number of layers that keep keys and values. */
  layers: number;
  /** B. Default 1. */
  rows?: number;
  /** The most positions that the cache has room for. */
  capacity: number;
  /** W = K D, the width of a position's keys, and of its values. */
  width: number;
  /** Default: the device of the last init(). */
  device?: { readonly backend: Backend };
}

/** Positions that a cache has room for at first. */
const ROOM = 64;

const cacheNames = namesOf<KeyValueCacheOptions>({ layers: 1, rows: 1, capacity: 1, width: 1, device: 1 });

/**
 * Keeps the keys and values of all positions that the layers of a model have read, so that a new position costs no more than itself.
 *
 * The memory lies outside every scope until dispose(). New positions are written in place; it doubles when it is full, up to the capacity.
 *
 * @param options see KeyValueCacheOptions
 * @throws SeqgradError `range` for a size below 1 or more positions than there is room for, `shape` for keys or values of another shape,
 *   `state` if a gradient would have to flow through; the cache is unchanged
 * @example
 * const cache = new sg.nn.KeyValueCache({ layers: 2, capacity: 64, width: 32 });
 * const encoder = new sg.nn.TransformerEncoder(32, 4, { numLayers: 2, dimFeedforward: 64 }).eval();
 * sg.noGrad(() => encoder.forward(sg.randn([1, 10, 32]), { causal: true, cache }));
 * cache.length; // = 10
 */
export class KeyValueCache {
  readonly layers: number;
  readonly rows: number;
  readonly capacity: number;
  readonly width: number;
  readonly #backend: Backend;
  /** `[layers, 2, B, room, W]`: keys, then values. The room grows up to the capacity, which a file may say to be anything. */
  #data: InternalTensor;
  #length = 0;

  constructor(options: KeyValueCacheOptions) {
    checkOptions("KeyValueCache", checkObject("KeyValueCache", "its argument", options, "{ layers, capacity, width }"), cacheNames);
    const { layers, rows = 1, capacity, width, device = defaultDevice() } = options;
    this.layers = checkLayers("KeyValueCache", "layers", layers);
    this.rows = checkInteger("KeyValueCache", "rows", rows, 1);
    this.capacity = checkInteger("KeyValueCache", "capacity", capacity, 1);
    this.width = checkInteger("KeyValueCache", "width", width, 1);
    this.#backend = checkDevice("KeyValueCache", device).backend;
    this.#data = this.#empty(Math.min(capacity, ROOM));
  }

  #empty(room: number): InternalTensor {
    const shape = [this.layers, 2, this.rows, room, this.width];
    checkShape("KeyValueCache", shape);
    return new InternalTensor(allocate(this.#backend, sizeOf(shape) * 4, "other", null), shape);
  }

  /** Makes room for the first positions, with what is in them. */
  #reserve(positions: number): void {
    const before = this.#data;
    const { layers, rows, width } = this;
    const [, , , room = 0] = before.shape;
    if (positions <= room) return;
    const data = this.#empty(Math.min(this.capacity, Math.max(positions, 2 * room)));
    const filled = before.view([layers, 2, rows, this.#length, width], before.strides, 0);
    copyStrided(filled, data.address, data.strides);
    filled.dispose();
    before.dispose();
    this.#data = data;
  }

  /** Positions that are filled. */
  get length(): number {
    return this.#length;
  }

  /**
   * Throws unless there is room for more positions.
   *
   * @param positions the number of positions to add
   * @throws SeqgradError `range` when they do not fit
   */
  check(positions: number): void {
    checkInteger("KeyValueCache", "the number of positions", positions);
    if (this.#length + positions <= this.capacity) return;
    throw new SeqgradError(
      "range",
      `KeyValueCache: ${this.#length} positions are filled, and ${positions} more do not fit the capacity of ${this.capacity}; make it larger, or start again with fewer.`,
    );
  }

  /**
   * Returns one layer's part. The positions that it appends count for all layers after advance().
   *
   * @param index the layer, from 0
   * @returns the layer's part
   * @throws SeqgradError `range` for a layer that is not there
   */
  at(index: number): LayerCache {
    checkInteger("KeyValueCache", "the layer", index, 0, this.layers - 1);
    return { length: this.#length, append: (k, v) => this.#append(index, k, v) };
  }

  /**
   * Returns the keys and values of a layer at the filled positions.
   *
   * @param layer the layer, from 0
   * @returns keys and values, `[B, length, W]` each, as views of the cache
   * @throws SeqgradError `range` for a layer that is not there
   */
  read(layer: number): KeysAndValues {
    checkInteger("KeyValueCache.read", "the layer", layer, 0, this.layers - 1);
    return this.#first(layer, this.#length);
  }

  /**
   * Records that all layers have appended positions.
   *
   * @param positions the number of positions that each layer appended
   * @throws SeqgradError `range` when they do not fit
   */
  advance(positions: number): void {
    this.check(positions);
    this.#length += positions;
  }

  /**
   * Makes another cache, whose row r is row `rows[r]` of this one; this one stays.
   *
   * @param rows indices of rows, each taken once, often or never
   * @returns the new cache, with as many rows as there are indices
   * @throws SeqgradError `range` for a row that is not there
   */
  select(rows: ArrayLike<number>): KeyValueCache {
    checkList("KeyValueCache.select", "rows", rows, "the rows to take, in an array");
    const list = Array.from(rows);
    for (const [r, row] of list.entries()) checkInteger("KeyValueCache.select", `rows[${r}]`, row, 0, this.rows - 1);
    const { layers, capacity, width } = this;
    const other = new KeyValueCache({ layers, rows: list.length, capacity, width, device: this.#data });
    try {
      other.#reserve(this.#length);
    } catch (error) {
      other.dispose();
      throw error;
    }
    const [, , step = 0] = this.#data.strides;
    const [, , otherStep = 0] = other.#data.strides;
    const shape = [layers, 2, 1, this.#length, width];
    scope(() => {
      for (const [r, row] of list.entries()) {
        const from = this.#data.view(shape, this.#data.strides, row * step);
        copyStrided(from, other.#data.address + r * otherStep * 4, other.#data.strides);
      }
    });
    other.#length = this.#length;
    return other;
  }

  /** Frees the memory. */
  dispose(): void {
    // Views of it may still be about, outside every scope.
    release(this.#data.storage);
  }

  #append(layer: number, k: Tensor, v: Tensor): KeysAndValues {
    const positions = checkTensor("KeyValueCache", k, "k").shape[1] ?? 0;
    for (const [name, x] of Object.entries({ k, v })) {
      checkTensor("KeyValueCache", x, name);
      if (x.rank !== 3 || x.shape[0] !== this.rows || x.shape[1] !== positions || x.shape[2] !== this.width) {
        throw new SeqgradError(
          "shape",
          `KeyValueCache: ${name} has shape ${formatShape(x.shape)}; expected [${this.rows}, T, ${this.width}], T as in k.`,
        );
      }
    }
    if (isRecording([k, v]))
      throw new SeqgradError("state", "KeyValueCache: no gradient flows through a cache; call the model in noGrad(), or without one.");
    this.check(positions);
    const start = this.#length;
    const end = start + positions;
    this.#reserve(end);
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0] = this.#data.strides;
    for (const [i, x] of [k, v].entries())
      copyStrided(internal(x), this.#data.address + (layer * s0 + i * s1 + start * s3) * 4, [s2, s3, s4]);
    return this.#first(layer, end);
  }

  /** Keys and values of a layer at its first positions. */
  #first(layer: number, length: number): KeysAndValues {
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0] = this.#data.strides;
    const part = (i: number) => this.#data.view([this.rows, length, this.width], [s2, s3, s4], layer * s0 + i * s1);
    return { k: part(0), v: part(1) };
  }
}
