import type { Backend } from "../backend/backend.js";
import { unaryOps } from "../backend/kernels.js";
import type { Device } from "../tensor/device.js";
import { revocable } from "../tensor/revocable.js";
import { allocate, copyWords, release, type Storage } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import { readValue, type TensorValue } from "../tensor/value.js";
import { checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { sameShape, sizeOf } from "../util/shape.js";
import { checkLoss } from "./check-loss.js";
import { RING, type StepNumber, StepNumbers } from "./step-numbers.js";

/** Options every optimizer has. */
export interface OptimizerOptions {
  /** The learning rate. */
  lr?: number;
  /** Added to the gradient times the parameter (AdamW: taken from the parameter). Default 0 (AdamW: 0.01). */
  weightDecay?: number;
  /** Scales the gradient so that its norm over all parameters is at most this (Pascanu et al. 2013). Default: no clipping. */
  clipNorm?: number;
  /** Limits every element of the gradient to +- this, before clipNorm. Default: no clipping. */
  clipValue?: number;
}

/** Parameters, or as Module.namedParameters() gives them, so that errors can name them. */
export type Parameters = Iterable<Tensor | readonly [name: string, parameter: Tensor]>;

/** Parameters that share settings of their own; clipping is of all parameters together. */
export interface ParameterGroup<O> {
  readonly params: Parameters;
  readonly options: Partial<Omit<O, "clipNorm" | "clipValue">>;
}

/** What an optimizer is made of: parameters, or groups of them. */
export type ParametersOrGroups<O> = Parameters | readonly ParameterGroup<O>[];

/** A group as it stands in the arena. */
export interface Group<O> {
  readonly params: readonly Tensor[];
  readonly options: O & { lr: number; weightDecay: number };
  /** Byte offset in every arena, and elements. */
  readonly offset: number;
  readonly n: number;
}

/** A number on its way from the device. */
export interface PendingNumber {
  read(): Promise<number>;
  /** At once. @throws SeqgradError `device` where reading must wait. */
  readSync(): number;
}

/** What resumes an optimizer exactly: its step count, each group's learning rate, and its state by name. */
export interface OptimizerState {
  readonly steps: number;
  readonly lr: readonly number[];
  readonly tensors: Map<string, TensorValue>;
}

const LINE = 16;
const CLAMP = unaryOps.indexOf("clamp");

/**
 * The base of all optimizers. Parameters, gradients and each kind of state lie in contiguous arenas, of which the tensors are views:
 * zeroing, the norm and the update are one call each (per group). A step whose gradient is not finite changes nothing.
 * @example
 * const optimizer: sg.optim.Optimizer = new sg.optim.Adam(model.parameters());
 * const loss = optimizer.step(() => model.loss(loader.batch(0)).loss);
 * console.log(await loss.read(), await optimizer.gradientNorm().read());
 */
export abstract class Optimizer<O extends OptimizerOptions = OptimizerOptions> {
  readonly groups: readonly Group<O>[];
  /** Every parameter, in the order of the arenas. */
  readonly params: readonly Tensor[];
  /** Updates made so far. */
  steps = 0;
  readonly #n: number;
  #backend!: Backend;
  #parameters!: Storage;
  #gradients!: Storage;
  readonly #state = new Map<string, Storage | undefined>();
  readonly #names = new Map<Tensor, string>();
  readonly #set: ReadonlySet<Tensor>;
  #numbers!: StepNumbers;
  readonly #options: O;
  /** How often steps were undone, and by what error the last time. */
  #rollbacks = 0;
  #failure: { readonly rollbacks: number; readonly error: Promise<SeqgradError> } | undefined;

  /** `stateOf` checks the options of a group and answers the names of the state that they ask for. */
  protected constructor(
    private readonly op: string,
    params: ParametersOrGroups<O>,
    options: O,
    defaults: { lr: number; weightDecay: number },
    stateOf: (options: O) => readonly string[],
  ) {
    this.#options = options;
    checkInterval(op, "clipNorm", options.clipNorm ?? 0, 0);
    checkInterval(op, "clipValue", options.clipValue ?? 0, 0);
    let n = 0;
    const seen = new Set<Tensor>();
    this.groups = groupsOf(op, params).map((group) => {
      const own = [...new Set(this.#named(group.params))].filter((p) => p.requiresGrad && !seen.has(p));
      for (const p of own) seen.add(p);
      const merged = { ...defaults, ...defined(options), ...defined(group.options) } as Group<O>["options"];
      checkInterval(op, "lr", merged.lr, 0);
      checkInterval(op, "weightDecay", merged.weightDecay, 0);
      for (const name of stateOf(merged)) this.#state.set(name, undefined);
      const offset = n * 4;
      for (const p of own) n += align(p.size);
      return { params: own, options: merged, offset, n: n - offset / 4 };
    });
    this.#set = seen;
    this.params = [...seen];
    const [first] = seen;
    if (!first) throw new SeqgradError("value", `${op}: there are no parameters to train: pass model.parameters().`);
    this.#n = n;
    for (const p of seen) {
      if (p.backend !== first.backend || p.dtype !== "float32" || !p.isContiguous)
        throw new SeqgradError(
          "device",
          `${op}: ${this.#nameOf(p)} is another device's, a view with gaps, or ${p.dtype}; wants float32 on one device.`,
        );
    }
    this.#makeArenas(first.backend);
  }

  /** The learning rate of all groups; set it to change it. */
  get lr(): number {
    return this.groups[0]!.options.lr;
  }
  set lr(value: number) {
    checkInterval(this.op, "lr", value, 0);
    for (const group of this.groups) group.options.lr = value;
  }

  /** Sets all gradients to 0. */
  zeroGrad(): void {
    this.#checkOwner("zeroGrad");
    this.#backend.dispatch("fill", { y: this.#gradients, n: this.#n, value: 0 });
  }

  /**
   * One update. With a function: a whole training step in a scope of its own, in which gradients are zeroed, `loss` is computed and
   * backward() runs; the answer is the loss on its way. Without one: the update alone, from the gradients that are there.
   *
   * @throws SeqgradError `value`, `shape`, `dtype` or `state` for a loss that is not a tensor of one number from which a gradient flows to a
   *   parameter; `not-finite` for a loss or gradient that is NaN or infinite: parameters and optimizer are as before, and so are
   *   the running statistics of batch norms that `loss` moved.
   */
  step(): void;
  step(loss: () => Tensor): PendingNumber;
  step(loss?: () => Tensor): PendingNumber | undefined {
    this.#checkOwner("step");
    const numbers = this.#numbers;
    const step = this.steps;
    const norm = revocable((changes) => {
      if (loss) {
        const value = checkLoss(`${this.op}.step`, loss(), this.#set);
        this.zeroGrad();
        value.backward();
        copyWords(this.#backend, value.address, numbers.lossAddress(step), 1);
      } else this.#backend.dispatch("fill", { y: numbers.lossAddress(step), n: 1, value: 0 });
      this.#clipValue();
      this.#backend.dispatch("norm", { x: this.#gradients, y: numbers.normAddress(step), n: this.#n });
      const guard = numbers.guard(step);
      if (this.#backend.readSync) this.#checkFinite(step, loss !== undefined);
      else for (const [tensor, before] of changes) numbers.restoreIfBad(before.address, tensor.address, tensor.size);
      return guard;
    });
    this.steps++;
    for (const group of this.groups) if (group.n > 0) this.#updateGroup(group, norm);
    this.#backend.submit?.();
    return loss && this.#pending("loss", step);
  }

  /** The norm of the last step's gradient over all parameters, before clipNorm. */
  gradientNorm(): PendingNumber {
    return this.#pending("norm", this.steps - 1);
  }

  async stateDict(): Promise<OptimizerState> {
    this.#checkAlive("stateDict");
    if (!this.#backend.readSync && this.steps > 0) await this.#numberOf(this.steps - 1);
    const tensors = new Map<string, TensorValue>();
    for (const [name, { storage, offset, shape }] of this.#entries()) {
      const data = await this.#backend.read(storage.address + offset, sizeOf(shape), "float32");
      tensors.set(name, { dtype: "float32", shape, data: Float32Array.from(data) });
    }
    return { steps: this.steps, lr: this.groups.map((group) => group.options.lr), tensors };
  }

  /** @throws SeqgradError `format` when the state is that of other parameters or another optimizer; nothing has changed then. */
  loadStateDict(state: OptimizerState): void {
    this.#checkAlive("loadStateDict");
    const entries = [...this.#entries()];
    const fits = entries.every(([name, { shape }]) => sameShape(state.tensors.get(name)?.shape ?? [-1], shape));
    if (!fits || state.tensors.size !== entries.length || state.lr.length !== this.groups.length) {
      throw new SeqgradError(
        "format",
        `${this.op}.loadStateDict: the state belongs to other parameters or another optimizer; make this one as that one was made.`,
      );
    }
    for (const [name, { storage, offset }] of entries) this.#backend.write(storage.address + offset, state.tensors.get(name)!.data);
    this.steps = state.steps;
    this.#numbers.clear();
    this.#rollbacks++;
    for (const [i, group] of this.groups.entries()) group.options.lr = state.lr[i]!;
  }

  /**
   * Moves the parameters and the optimizer's state to another device; gradients are 0 there. A model's buffers, as batch norms have, stay:
   * `await model.to(device)` after it takes them along.
   * @example
   * const optimizer = new sg.optim.Adam(model.parameters());
   * await optimizer.to(await sg.createDevice({ device: "wasm" }));
   */
  async to(device: Device): Promise<this> {
    const state = await this.stateDict();
    const values = await Promise.all(this.params.map(readValue));
    this.place(device.backend);
    for (const [i, p] of this.params.entries()) p.write(values[i]!.data);
    this.loadStateDict(state);
    return this;
  }

  /** As to(), but with nothing in the parameters and the state: what they were may be out of reach. */
  place(backend: Backend): void {
    for (const p of this.params) if (p.backend !== backend) p.place(backend);
    this.#freeArenas();
    this.#makeArenas(backend);
  }

  /** Frees the gradients and the optimizer's state; the parameters live on. */
  dispose(): void {
    this.#freeArenas();
  }

  /** Dispatches the update of one group; `at` gives the address of each arena there. */
  protected abstract update(
    group: Group<O>,
    at: { parameter: number; gradient: number; norm: number; clipNorm: number },
    state: (name: string) => number,
  ): void;

  #updateGroup(group: Group<O>, norm: number): void {
    const at = {
      parameter: this.#parameters.address + group.offset,
      gradient: this.#gradients.address + group.offset,
      norm,
      clipNorm: this.#options.clipNorm ?? 0,
    };
    this.update(group, at, (name) => this.#state.get(name)!.address + group.offset);
  }

  #clipValue(): void {
    const { clipValue = 0 } = this.#options;
    const x = this.#gradients;
    if (clipValue > 0) this.#backend.dispatch("unary", { x, y: x, op: CLAMP, n: this.#n, a: -clipValue, b: clipValue });
  }

  #makeArenas(backend: Backend): void {
    this.#backend = backend;
    this.#numbers = new StepNumbers(backend);
    for (const name of this.#state.keys()) this.#state.set(name, this.#arena("optimizer", this.#n));
    this.#gradients = this.#arena("gradient", this.#n);
    this.#parameters = this.#arena("parameter", this.#n);
    this.#pack();
  }

  #freeArenas(): void {
    for (const p of this.params) if (p.grad?.storage === this.#gradients) p.grad = undefined;
    this.#numbers.dispose();
    for (const storage of [this.#gradients, ...this.#state.values()]) release(storage!);
  }

  #arena(kind: "parameter" | "gradient" | "optimizer", n: number): Storage {
    const storage = allocate(this.#backend, n * 4, kind, null);
    this.#backend.dispatch("fill", { y: storage, n, value: 0 });
    return storage;
  }

  /** Moves the parameters, and gradients that are there, into the arenas. */
  #pack(): void {
    const arena = this.#parameters;
    arena.holders = this.params.length;
    // The optimizer holds the gradients too: disposing of one leaves the others.
    this.#gradients.holders = this.params.length + 1;
    for (const { param, offset } of this.#places()) {
      const gradient = new Tensor(this.#gradients, param.shape, "float32", undefined, offset / 4);
      if (param.grad) {
        copyWords(this.#backend, param.grad.address, gradient.address, param.size);
        param.grad.dispose();
      }
      copyWords(this.#backend, param.address, arena.address + offset, param.size);
      const before = param.storage;
      param.storage = arena;
      param.offset = offset / 4;
      param.grad = gradient;
      if (--before.holders === 0) release(before);
    }
  }

  *#places(): Generator<{ param: Tensor; offset: number }> {
    for (const group of this.groups) {
      let { offset } = group;
      for (const param of group.params) {
        yield { param, offset };
        offset += align(param.size) * 4;
      }
    }
  }

  *#entries(): Generator<[string, { storage: Storage; offset: number; shape: readonly number[] }]> {
    for (const [name, storage] of this.#state) {
      let i = 0;
      for (const { param, offset } of this.#places()) yield [`${name}.${i++}`, { storage: storage!, offset, shape: param.shape }];
    }
  }

  /** The tensors among the parameters given; notes their names. */
  #named(params: Parameters): Tensor[] {
    return Array.from(params, (entry) => {
      if (entry instanceof Tensor) return entry;
      const [name, p] = entry;
      this.#names.set(p, name);
      return p;
    });
  }

  #nameOf(p: Tensor): string {
    return `${this.#names.get(p) ?? `parameter ${this.params.indexOf(p)}`} ${formatShape(p.shape)}`;
  }

  #checkAlive(call: string): void {
    if (!this.#gradients.alive) throw new SeqgradError("state", `${this.op}.${call}: the optimizer was disposed of; make a new one.`);
  }

  /** Throws unless parameters and gradients lie in this optimizer's arenas. */
  #checkOwner(call: string): void {
    this.#checkAlive(call);
    for (const p of this.params) {
      const moved = p.backend !== this.#backend && "it lies on another device; move both by optimizer.to(device)";
      const taken = p.storage !== this.#parameters && "another optimizer has taken it over; make one optimizer for each parameter";
      const replaced = p.grad?.storage !== this.#gradients && "its grad was replaced; set gradients to 0 by zeroGrad()";
      const cause = moved || taken || replaced;
      if (cause)
        throw new SeqgradError("state", `${this.op}.${call}: ${this.#nameOf(p)} is no longer in this optimizer's hands: ${cause}.`);
    }
  }

  /** Where reading is immediate, a bad step is an error at once; elsewhere it leaves everything as it is, and the next read tells. */
  #checkFinite(step: number, hasLoss: boolean): void {
    const number = this.#numbers.readSync(step);
    if (number.good) return;
    const culprit = this.params.find((p) => p.grad?.dataSync().some(isBad));
    throw this.#notFinite(step, number, hasLoss, culprit);
  }

  #notFinite(step: number, { loss, norm }: StepNumber, hasLoss: boolean, parameter: Tensor | undefined): SeqgradError {
    const facts = [
      `${hasLoss ? `the loss is ${loss}, ` : ""}the gradient's norm ${norm}`,
      ...(isBad(loss) || isBad(norm) ? [] : ["an index in its data was out of range"]),
      ...(parameter ? [`the gradient of ${this.#nameOf(parameter)} is not finite`] : []),
      "nothing was changed",
    ];
    const advice = "Lower lr, clip the gradient (clipNorm), or look for bad values in the data.";
    const error = new SeqgradError("not-finite", `${this.op}: step ${step + 1}: ${facts.join("; ")}. ${advice}`);
    return Object.assign(error, { step: step + 1, parameter, loss: hasLoss ? loss : undefined, norm });
  }

  /** Makes the first step that failed, and those after it, which changed nothing either, not have been. */
  async #rollBack(cause: unknown): Promise<SeqgradError> {
    const bad = await this.#numbers.firstBad(this.steps);
    const isLast = bad?.step === this.steps - 1;
    let culprit: Tensor | undefined;
    for (const p of isLast ? this.params : []) culprit ??= (await p.grad!.data()).some(isBad) ? p : undefined;
    if (bad) this.steps = bad.step;
    this.#numbers.clear();
    this.#rollbacks++;
    if (cause instanceof SeqgradError) return cause;
    return this.#notFinite(this.steps, bad!, true, culprit);
  }

  /** The numbers of a step that went well. @throws SeqgradError, after rolling back, when it or one before it did not */
  async #numberOf(step: number): Promise<StepNumber> {
    const rollbacks = this.#rollbacks;
    let cause: unknown;
    try {
      const number = await this.#numbers.read(step);
      if (number.good || this.#backend.readSync) return number;
    } catch (error) {
      if (!(error instanceof SeqgradError && error.code === "range")) throw error;
      cause = error;
    }
    // Several reads of one failure wait for one rollback.
    if (this.#failure?.rollbacks !== rollbacks) this.#failure = { rollbacks, error: this.#rollBack(cause) };
    throw await this.#failure.error;
  }

  /** A number of a step, which holds until the ring comes round. */
  #pending(what: "loss" | "norm", step: number): PendingNumber {
    const rollbacks = this.#rollbacks;
    const name = what === "loss" ? "the loss" : "the gradient's norm";
    const check = () => {
      this.#checkAlive("read");
      if (rollbacks !== this.#rollbacks)
        throw new SeqgradError("state", `${this.op}: ${name} of step ${step + 1} is gone: the step was undone, or a state loaded.`);
      if (this.steps - step > RING)
        throw new SeqgradError("state", `${this.op}: ${name} of step ${step + 1} was overwritten ${RING} steps later; read it sooner.`);
    };
    return {
      read: async () => {
        check();
        return (await this.#numberOf(step))[what];
      },
      readSync: () => {
        check();
        if (!this.#backend.readSync)
          throw new SeqgradError("device", `${this.op}: ${this.#backend.type} cannot answer at once; use \`await value.read()\`.`);
        return this.#numbers.readSync(step)[what];
      },
    };
  }
}

const isBad = (x: number) => !Number.isFinite(x);

function groupsOf<O>(op: string, params: ParametersOrGroups<O>): readonly ParameterGroup<O>[] {
  if (typeof params?.[Symbol.iterator] !== "function")
    throw new SeqgradError("value", `${op}: wants the parameters to train: pass model.parameters(), not the model.`);
  const list = [...params];
  const isGroup = (entry: (typeof list)[number]): entry is ParameterGroup<O> => "params" in entry;
  return list.length > 0 && list.every(isGroup) ? list : [{ params: list as Iterable<Tensor>, options: {} }];
}

const align = (n: number) => Math.ceil(n / LINE) * LINE;

/** The options that are given. */
const defined = (options: object) => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
