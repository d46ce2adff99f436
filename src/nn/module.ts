import type { Backend } from "../backend/backend.js";
import { checkDevice, type Device } from "../tensor/device.js";
import { disposeSince, madeSoFar } from "../tensor/ownership.js";
import { moveAll, Tensor } from "../tensor/tensor.js";
import { contentOf, type ForeignValue, readValue, type TensorValue, valueFault } from "../tensor/value.js";
import { checkBoolean } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { isInference } from "./mode.js";
import { summaryTable } from "./summary.js";

/**
 * Parameters or buffers whose names are used as they are, without the name of the property that holds the table.
 * @example
 * class Table extends sg.nn.Module {
 *   weights = new sg.nn.ParameterTable([["weight_ih_l0", sg.parameter([4, 3], sg.nn.init.zeros)]]);
 * }
 * [...new Table().namedParameters()][0][0]; // = "weight_ih_l0"
 */
export class ParameterTable extends Map<string, Tensor> {
  constructor(entries: readonly (readonly [string, Tensor])[] = []) {
    const arePairs = Array.isArray(entries) && Array.from(entries).every((entry) => Array.isArray(entry) && entry[1] instanceof Tensor);
    if (!arePairs) throw new SeqgradError("value", "ParameterTable: the entries are not pairs [name, tensor] in an array.");
    super(entries);
  }
}

/**
 * The base of every layer and model: it finds parameters, buffers and submodules among its own properties (tensors made by `parameter()`
 * or `buffer()`, modules, arrays of either), named as in PyTorch: `encoder.layers.0.weight`. Buffers are saved, loaded and moved like
 * parameters, but are none: optimizers and parameterCount() do not know of them.
 *
 * @example
 * class Tagger extends sg.nn.Module {
 *   embedding = new sg.nn.Embedding(1000, 64);
 *   lstm = new sg.nn.LSTM(64, 128, { bidirectional: true });
 *   head = new sg.nn.Linear(256, 9);
 *   forward(tokens: sg.Tensor) {
 *     return this.head.forward(this.lstm.forward(this.embedding.forward(tokens)).output);
 *   }
 * }
 */
export abstract class Module {
  #training = true;
  /** The start of the tensors that this module makes. */
  readonly #mark = madeSoFar();

  /** True if dropout is active and batches give their own statistics. Set by train() and eval(); false while a model predicts. */
  get training(): boolean {
    return this.#training && !isInference();
  }
  set training(mode: boolean) {
    this.#training = mode;
  }

  /** Every parameter with its dotted name; a shared one once, under its first name. */
  namedParameters(): Generator<[string, Tensor]> {
    return this.#named("parameter");
  }

  /** Every buffer, as namedParameters() gives the parameters. */
  namedBuffers(): Generator<[string, Tensor]> {
    return this.#named("buffer");
  }

  parameters(): Tensor[] {
    return Array.from(this.namedParameters(), ([, tensor]) => tensor);
  }

  /** The number of elements of all parameters. */
  parameterCount(): number {
    return this.parameters().reduce((n, p) => n + p.size, 0);
  }

  /** A copy of the content of every parameter and buffer by name, as `writeSafetensors` takes it. */
  async stateDict(): Promise<Map<string, TensorValue>> {
    const state = new Map<string, TensorValue>();
    for (const [name, tensor] of this.#entries()) state.set(name, await readValue(tensor));
    return state;
  }

  /**
   * Overwrites parameters and buffers from a state dict; names, shapes and dtypes must be those of this module, but that int64, as which
   * PyTorch stores counts, does for int32.
   * @throws SeqgradError `format` that lists all that does not fit; nothing has changed then.
   */
  loadStateDict(state: ReadonlyMap<string, ForeignValue>): void {
    if (!(state instanceof Map))
      throw new SeqgradError("value", "loadStateDict: the state is not a Map; give one, as stateDict() returns.");
    const entries = [...this.#entries()];
    const names = new Set(entries.map(([name]) => name));
    const faults = [...state.keys()].filter((name) => !names.has(name)).map((name) => `${name} is not wanted`);
    for (const [name, tensor] of entries) {
      const value = state.get(name);
      const fault = value && valueFault(name, value, tensor);
      if (!value) faults.push(`${name} ${formatShape(tensor.shape)} is missing`);
      else if (fault) faults.push(fault);
    }
    if (faults.length > 0) throw new SeqgradError("format", `loadStateDict: the state does not fit the model: ${faults.join("; ")}.`);
    for (const [name, tensor] of entries) tensor.write(contentOf(state.get(name)!, tensor.dtype));
  }

  /**
   * Moves parameters and buffers to another device. Where an optimizer has the parameters, move that first: optimizer.to(device) takes
   * them along, and this the buffers.
   * @throws SeqgradError `memory` when they do not fit there: all are where they were
   * @example
   * const layer = new sg.nn.Linear(3, 2);
   * const exact = await sg.createDevice({ device: "reference" });
   * await layer.to(exact);
   */
  async to(device: Device): Promise<this> {
    checkDevice("Module.to", device ?? null);
    await moveAll([...this.#tensors()], device.backend);
    return this;
  }

  /** As to(), but with nothing in the tensors: what they were may be out of reach. */
  place(backend: Backend): void {
    for (const p of this.#tensors()) if (p.backend !== backend) p.place(backend);
  }

  /**
   * A table of the layers with the shape and the size of each parameter, and the total. A parameter that several layers share counts once.
   * @example
   * console.log(new sg.nn.Sequential(new sg.nn.Linear(2, 3)).summary());
   */
  summary(): string {
    const seen = new Set<Tensor>();
    const totals = { trained: 0, frozen: 0 };
    const rows = Array.from(this.#modules(""), ([name, module]) => ({
      name,
      kind: module.constructor.name,
      tensors: Array.from(module.#own(), ([own, tensor]) => {
        const { shape, size, storage, requiresGrad } = tensor;
        const isShared = seen.has(tensor);
        seen.add(tensor);
        const note = isShared ? "shared" : storage.kind === "buffer" ? "buffer" : undefined;
        if (!note) totals[requiresGrad ? "trained" : "frozen"] += size;
        return { name: own, shape, size, note };
      }),
    }));
    return summaryTable(this.constructor.name, rows, totals);
  }

  toString(): string {
    return this.summary();
  }

  /** The text that console.log shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.summary();
  }

  /** Sets this module and all inside it to training, or with false to evaluation. */
  train(mode = true): this {
    checkBoolean("train", "mode", mode);
    this.training = mode;
    for (const [, child] of this.#children()) child.train(mode);
    return this;
  }

  eval(): this {
    return this.train(false);
  }

  /** Sets every gradient that there is to 0. */
  zeroGrad(): void {
    for (const { grad } of this.parameters()) {
      if (!grad) continue;
      grad.backend.dispatch("fill", { y: grad, n: grad.size, value: 0 });
      grad.isBlank = true;
    }
  }

  /**
   * For a constructor that fails: frees the parameters and buffers that it has made, and hands the error back to be thrown.
   * @example
   * class Pair extends sg.nn.Module {
   *   readonly first: sg.nn.Linear;
   *   readonly second: sg.nn.Linear;
   *   constructor(size: number) {
   *     super();
   *     try {
   *       this.first = new sg.nn.Linear(size, 3);
   *       this.second = new sg.nn.Linear(3, size - 1);
   *     } catch (error) {
   *       throw this.abandon(error);
   *     }
   *   }
   * }
   */
  protected abandon(error: unknown): unknown {
    return disposeSince(this.#mark, error);
  }

  /** Frees parameters and buffers. */
  dispose(): void {
    for (const p of this.#tensors()) p.dispose();
  }

  #tensors(): Set<Tensor> {
    return new Set(Array.from(this.#entries(), ([, tensor]) => tensor));
  }

  *#named(kind: "parameter" | "buffer"): Generator<[string, Tensor]> {
    const seen = new Set<Tensor>();
    for (const [name, tensor] of this.#entries()) {
      if (seen.has(tensor) || tensor.storage.kind !== kind) continue;
      seen.add(tensor);
      yield [name, tensor];
    }
  }

  /** Every own property, and every item of those that are arrays, by name. */
  *#properties(): Generator<[string, unknown]> {
    for (const [key, value] of Object.entries(this)) {
      if (Array.isArray(value)) for (const [i, item] of value.entries()) yield [`${key}.${i}`, item];
      else yield [key, value];
    }
  }

  *#children(): Generator<[string, Module]> {
    for (const [name, value] of this.#properties()) if (value instanceof Module) yield [name, value];
  }

  *#entries(): Generator<[string, Tensor]> {
    for (const [name, module] of this.#modules(""))
      for (const [own, tensor] of module.#own()) yield [name === "" ? own : `${name}.${own}`, tensor];
  }

  /** This module and all inside it, by their dotted names. */
  *#modules(name: string): Generator<[string, Module]> {
    yield [name, this];
    for (const [own, child] of this.#children()) yield* child.#modules(name === "" ? own : `${name}.${own}`);
  }

  /** The tensors that it holds itself. */
  *#own(): Generator<[string, Tensor]> {
    for (const [name, value] of this.#properties()) {
      if (value instanceof ParameterTable) yield* value;
      else if (value instanceof Tensor && (value.storage.kind === "parameter" || value.storage.kind === "buffer")) yield [name, value];
    }
  }
}
