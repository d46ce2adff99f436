import type { Backend } from "../backend/backend.js";
import { checkDevice, type Device } from "../tensor/device.js";
import { internal, type Role } from "../tensor/internal.js";
import { moveAll } from "../tensor/memory.js";
import { disposeSince, madeSoFar } from "../tensor/ownership.js";
import { Tensor } from "../tensor/tensor.js";
import { contentOf, type ForeignValue, readValue, type TensorValue, valueFault } from "../tensor/value.js";
import { checkBoolean } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import type { Capture, CaptureOptions } from "./capture.js";
import type { CaptureFunction } from "./captured-step.js";
import { isInference } from "./mode.js";
import { engine, type Quantities } from "./observed.js";
import { summaryTable } from "./summary.js";

/**
 * Parameters or buffers whose names are used as they are, without the name of the property that holds the table.
 *
 * @param entries pairs of a name and a tensor; default none
 * @throws SeqgradError `value` unless the entries are such pairs
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

/** For the few who look inside. */
const capturing = () => import("./capture.js");

/**
 * The base of every layer and model.
 *
 * It finds parameters, buffers and submodules among its own properties (tensors made by `parameter()` or `buffer()`, modules, arrays of
 * either), named as in PyTorch: `encoder.layers.0.weight`. Buffers are saved, loaded and moved like parameters, but optimizers do not
 * change them and parameterCount() does not count them.
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

  /**
   * Yields every parameter with its dotted name; a shared one once, under its first name.
   *
   * @returns pairs of a name and a parameter
   */
  namedParameters(): Generator<[string, Tensor]> {
    return this.#inRole("parameter");
  }

  /**
   * Yields every buffer with its dotted name; a shared one once, under its first name.
   *
   * @returns pairs of a name and a buffer
   */
  namedBuffers(): Generator<[string, Tensor]> {
    return this.#inRole("buffer");
  }

  /**
   * Returns every parameter once, as an optimizer takes them.
   *
   * @returns the parameters
   */
  parameters(): Tensor[] {
    return Array.from(this.namedParameters(), ([, tensor]) => tensor);
  }

  /**
   * Returns the number of elements of all parameters.
   *
   * @returns the number, frozen parameters included
   */
  parameterCount(): number {
    return this.parameters().reduce((n, p) => n + p.size, 0);
  }

  /**
   * Copies the content of every parameter and buffer, as `io.writeSafetensors` takes it.
   *
   * @returns the values by dotted name
   */
  async stateDict(): Promise<Map<string, TensorValue>> {
    const state = new Map<string, TensorValue>();
    for (const [name, tensor] of this.#entries()) state.set(name, await readValue(tensor));
    return state;
  }

  /**
   * Overwrites all parameters and buffers.
   *
   * @param state values by dotted name, with the names, shapes and dtypes of this module; int64, as PyTorch stores counts, is accepted for
   *   int32
   * @throws SeqgradError `format` with a list of everything that does not fit, `value` unless the state is a Map; nothing has changed then
   */
  loadStateDict(state: ReadonlyMap<string, ForeignValue>): void {
    if (!(state instanceof Map))
      throw new SeqgradError("value", "loadStateDict: the state is not a Map; give one, as stateDict() returns.");
    const entries = [...this.#entries()];
    const names = new Set(entries.map(([name]) => name));
    const fitting: [Tensor, ForeignValue][] = [];
    const faults = [...state.keys()].filter((name) => !names.has(name)).map((name) => `${name} is not expected`);
    for (const [name, tensor] of entries) {
      const value = state.get(name);
      const fault = value && valueFault(name, value, tensor);
      if (!value) faults.push(`${name} ${formatShape(tensor.shape)} is missing`);
      else if (fault) faults.push(fault);
      else fitting.push([tensor, value]);
    }
    if (faults.length > 0) throw new SeqgradError("format", `loadStateDict: the state does not fit the model: ${faults.join("; ")}.`);
    for (const [tensor, value] of fitting) tensor.write(contentOf(value, tensor.dtype));
  }

  /**
   * Moves parameters and buffers to another device.
   *
   * If an optimizer has the parameters, move it first: optimizer.to(device) takes the parameters along, and this the buffers.
   *
   * @param device a device of createDevice() or init()
   * @returns this module
   * @throws SeqgradError `memory` when they do not fit there; all stay where they were
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

  /**
   * Gives parameters and buffers new memory on a backend, with undefined content, when the old memory may be out of reach.
   *
   * @param backend the backend
   */
  place(backend: Backend): void {
    for (const p of this.#tensors()) if (p.backend !== backend) internal(p).place(backend);
  }

  /**
   * Returns a table of the layers with the shape and the size of each parameter, and the totals. A shared parameter counts once.
   *
   * @returns lines of text
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
        const { shape, size, role, requiresGrad } = internal(tensor);
        const isShared = seen.has(tensor);
        seen.add(tensor);
        const note = isShared ? "shared" : role === "buffer" ? "buffer" : undefined;
        if (!note) totals[requiresGrad ? "trained" : "frozen"] += size;
        return { name: own, shape, size, note };
      }),
    }));
    return summaryTable(this.constructor.name, rows, totals);
  }

  /**
   * Shows what layers compute while they train or predict, without a change in their code.
   *
   * A name is one that capture knows, as `encoder.l0.gates`, or its end: `gates` are the gates of all layers. `*` stands for one part of a name, a
   * kind (`rnn`, `gru`, `lstm`, `attention`) for the path of its layers, and `l0` may be left out. captureNames() lists all.
   *
   * - `gates`: `[B, T, 4, H]`, i f g o of an LSTM; `[B, T, 3, H]`, r z n of a GRU
   * - `cells` of an LSTM, `hidden` of all recurrent layers: `[B, T, H]`, of each layer `l0`, `l1` and direction `l0_reverse`
   * - `weights` of attention before dropout: `[B, N, T, S]`, of an alignment `[B, T, S]`, of attention pooling `[B, T]`
   * - `output` of every layer: the first tensor that its forward() returns
   * - `hidden.gradient`, dLoss/dh_t in full, and `output.gradient`, unless nothing reads the output: in backward(), of the same shape
   * - `hidden.gradientNorm` and `output.gradientNorm`: the norm over batch and units at each step, `[T]`; without steps `[]`
   *
   * A step is what runs without an await: an update, or the prediction of a batch. The function is called after it, for each name in turn,
   * with a copy on the host. While a promise that it returned is pending, or values are on their way from a GPU, steps are not captured,
   * so that training runs at full speed while a page draws. A decoder that reads token by token in one step gives them in one value.
   * An error of the function is an unhandled rejection, which ends a program in Node; a stop() that waits for it throws it.
   *
   * @param names names, or patterns of them
   * @param fn called with a name and its value: `shape`, `data`, `dtype`, and `training`, true of a layer in training mode
   * @param options `every`: capture each n-th step; default 1
   * @returns the capture, which stop() ends
   * @throws SeqgradError `value` for a name that no layer has, with those that there are
   * @example
   * const lstm = new sg.nn.LSTM(3, 5);
   * const capture = await lstm.capture(["lstm.gates", "hidden.gradientNorm"], (name, { shape }) => console.log(name, shape));
   * sg.sum(lstm.forward(sg.randn([2, 4, 3])).output).backward();
   * await capture.stop(); // printed: l0.gates [2, 4, 4, 5], l0.hidden.gradientNorm [4]
   */
  async capture(names: readonly string[], fn: CaptureFunction, options: CaptureOptions = {}): Promise<Capture> {
    return (await capturing()).beginCapture(engine, this.#layers(), names, fn, options);
  }

  /**
   * Lists what capture() can show.
   *
   * @returns the names: the path of a module, and what it computes
   * @example
   * await new sg.nn.RNN(3, 5).captureNames(); // l0.hidden, l0.hidden.gradient, ..., output, ...
   */
  async captureNames(): Promise<string[]> {
    return (await capturing()).captureNames(this.#layers());
  }

  /** Reports to capture() the values that it computes besides the output of forward(). */
  protected get quantities(): Quantities | undefined {
    return undefined;
  }

  /**
   * Returns the table of summary().
   *
   * @returns lines of text
   */
  toString(): string {
    return this.summary();
  }

  /** The text that console.log shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.summary();
  }

  /**
   * Sets this module and all inside it to training, or with false to evaluation.
   *
   * @param mode default true
   * @returns this module
   * @throws SeqgradError `value` unless the mode is true or false
   */
  train(mode = true): this {
    checkBoolean("train", "mode", mode);
    this.training = mode;
    for (const [, child] of this.#children()) child.train(mode);
    return this;
  }

  /**
   * Sets this module and all inside it to evaluation: dropout is off, and batch normalization uses its running statistics.
   *
   * @returns this module
   */
  eval(): this {
    return this.train(false);
  }

  /** Sets every existing gradient to 0. */
  zeroGrad(): void {
    for (const p of this.parameters()) {
      const { grad } = internal(p);
      if (!grad) continue;
      grad.backend.dispatch("fill", { y: grad, n: grad.size, value: 0 });
      grad.isBlank = true;
    }
  }

  /**
   * Frees the parameters and buffers that a failing constructor has made.
   *
   * @param error the error of the constructor
   * @returns the error, to be thrown again
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

  *#inRole(role: Role): Generator<[string, Tensor]> {
    const seen = new Set<Tensor>();
    for (const [name, tensor] of this.#entries()) {
      if (seen.has(tensor) || internal(tensor).role !== role) continue;
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

  #layers() {
    return Array.from(this.#modules(""), ([path, module]) => ({ path, module, quantities: module.quantities }));
  }

  /** The tensors that it holds itself. */
  *#own(): Generator<[string, Tensor]> {
    for (const [name, value] of this.#properties()) {
      if (value instanceof ParameterTable) yield* value;
      else if (value instanceof Tensor && internal(value).role) yield [name, value];
    }
  }
}
