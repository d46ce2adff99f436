import type { Backend } from "../backend/backend.js";
import { unaryOps } from "../backend/kernels.js";
import { checkDevice, type Device } from "../tensor/device.js";
import { revocable } from "../tensor/revocable.js";
import { copyWords } from "../tensor/storage.js";
import { checkBackend, checkTensor, Tensor } from "../tensor/tensor.js";
import { readValue, type TensorValue } from "../tensor/value.js";
import { checkFunction, checkInterval, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions } from "../util/options.js";
import { sizeOf } from "../util/shape.js";
import { inLines, ParameterArena, type Place } from "./arena.js";
import { checkLoss } from "./check-loss.js";
import { type OptimizerState, stateFaults } from "./state.js";
import { adviceOn, RING, type StepNumber } from "./step-numbers.js";

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
export type ParameterList = Iterable<Tensor | readonly [name: string, parameter: Tensor]>;

/** Parameters that share settings of their own; clipping is of all parameters together. */
export interface ParameterGroup<O> {
  readonly params: ParameterList;
  readonly options: Partial<Omit<O, "clipNorm" | "clipValue">>;
}

/** The parameters of an optimizer, or groups of them. */
export type ParametersOrGroups<O> = ParameterList | readonly ParameterGroup<O>[];

/** A group as it stands in the arena. */
export interface Group<O> {
  readonly params: readonly Tensor[];
  readonly options: O & { lr: number; weightDecay: number };
  /** Byte offset in every arena, and elements. */
  readonly offset: number;
  readonly n: number;
}

/** Parameters of a group side by side that one call updates. */
export interface Stretch<O> {
  readonly options: Group<O>["options"];
  /** Elements. */
  readonly n: number;
  /** Updates that they have had, this one included. */
  readonly step: number;
}

/** The addresses of a stretch, and what the gradient is scaled by. */
export interface StretchAddresses {
  readonly parameter: number;
  readonly gradient: number;
  readonly norm: number;
  readonly clipNorm: number;
}

/** A number on its way from the device. */
export interface PendingNumber {
  read(): Promise<number>;
  /** At once. @throws SeqgradError `device` where reading must wait. */
  readSync(): number;
}

const CLAMP = unaryOps.indexOf("clamp");

/**
 * The base of all optimizers. Parameters, gradients and each kind of state lie in contiguous arenas, of which the tensors are views:
 * zeroing, the norm and the update are one call each (per group). A step whose gradient is not finite changes nothing.
 *
 * A parameter without a gradient stays as it is in a step, as in PyTorch: no update, no decay, no momentum, and its step count, which
 * bias corrections depend on, stays too. It has none when nothing that backward() passes reads it, and when its `requiresGrad` is false,
 * also where that was set after the optimizer was made. Parameters that are frozen when the optimizer is made are not in it.
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
  readonly #places: readonly Place[];
  /** The names of the state. */
  readonly #state = new Set<string>();
  #arena: ParameterArena;
  readonly #names = new Map<Tensor, string>();
  readonly #set: ReadonlySet<Tensor>;
  readonly #options: O;
  /** The steps that each parameter had no gradient in, and what they were before each of the last steps. */
  #skipped: readonly number[];
  readonly #skippedBefore: (readonly number[])[] = [];
  /** How often steps were undone, and by what error the last time. */
  #rollbacks = 0;
  #failure: { readonly rollbacks: number; readonly error: Promise<SeqgradError> } | undefined;

  /** `stateOf` checks the options of a group and answers the names of the state that they ask for. */
  protected constructor(
    private readonly op: string,
    params: ParametersOrGroups<O>,
    options: O,
    defaults: { lr: number; weightDecay: number },
    known: readonly string[],
    stateOf: (options: O) => readonly string[],
  ) {
    checkFunction("Optimizer", "what its kind of optimizer keeps", stateOf, "SGD, AdamW or another class; this one is abstract");
    checkOptions(op, options, known);
    this.#options = options;
    checkInterval(op, "clipNorm", options.clipNorm ?? 0, 0);
    checkInterval(op, "clipValue", options.clipValue ?? 0, 0);
    let n = 0;
    const seen = new Set<Tensor>();
    this.groups = groupsOf(op, params).map((group) => {
      checkOptions(
        `${op}, a group`,
        group.options ?? {},
        known.filter((name) => !name.startsWith("clip")),
      );
      const own = [...new Set(this.#named(group.params))].filter((p) => p.requiresGrad && !seen.has(p));
      for (const p of own) seen.add(p);
      const merged = { ...defaults, ...defined(options), ...defined(group.options) } as Group<O>["options"];
      checkInterval(op, "lr", merged.lr, 0);
      checkInterval(op, "weightDecay", merged.weightDecay, 0);
      for (const name of stateOf(merged)) this.#state.add(name);
      const offset = n * 4;
      for (const p of own) n += inLines(p.size);
      return { params: own, options: merged, offset, n: n - offset / 4 };
    });
    this.#set = seen;
    this.params = [...seen];
    const [first] = seen;
    if (!first) throw new SeqgradError("value", `${op}: there are no parameters to train: pass model.parameters().`);
    for (const p of seen) {
      void p.address; // throws for a tensor that is gone
      if (p.backend !== first.backend || p.dtype !== "float32" || !p.isContiguous)
        throw new SeqgradError(
          "device",
          `${op}: ${this.#nameOf(p)} is another device's, a view with gaps, or ${p.dtype}; expected float32 on one device.`,
        );
    }
    this.#places = this.groups.flatMap(placesOf);
    this.#skipped = this.params.map(() => 0);
    this.#arena = new ParameterArena(first.backend, this.#places, n, this.#state);
    this.#arena.adopt();
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
    const { backend, gradients, n } = this.#arena;
    backend.dispatch("fill", { y: gradients, n, value: 0 });
    for (const { grad } of this.params) grad!.isBlank = true;
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
    const { backend, numbers, gradients, n } = this.#arena;
    const step = this.steps;
    const norm = revocable((changes) => {
      if (loss !== undefined) {
        const value = checkLoss(`${this.op}.step`, checkFunction(`${this.op}.step`, "its argument", loss)(), this.#set);
        this.zeroGrad();
        value.backward();
        copyWords(backend, value.address, numbers.lossAddress(step), 1);
      } else backend.dispatch("fill", { y: numbers.lossAddress(step), n: 1, value: 0 });
      this.#dropFrozen();
      this.#clipValue();
      backend.dispatch("norm", { x: gradients, y: numbers.normAddress(step), n });
      const guard = numbers.guard(step);
      if (backend.readSync) this.#checkFinite(step, loss !== undefined);
      else for (const [tensor, before] of changes) numbers.restoreIfBad(before.address, tensor.address, tensor.size);
      return guard;
    });
    this.steps++;
    this.#skippedBefore[step % RING] = this.#skipped;
    if (this.params.some(isBlank)) this.#skipped = this.#skipped.map((count, i) => count + Number(isBlank(this.params[i]!)));
    for (const group of this.groups) this.#updateGroup(group, norm);
    backend.submit?.();
    return loss === undefined ? undefined : this.#pending("loss", step);
  }

  /** The norm of the last step's gradient over all parameters, before clipNorm. */
  gradientNorm(): PendingNumber {
    return this.#pending("norm", this.steps - 1);
  }

  async stateDict(): Promise<OptimizerState> {
    this.#checkAlive("stateDict");
    const { backend } = this.#arena;
    if (!backend.readSync && this.steps > 0) await this.#numberOf(this.steps - 1);
    const { steps } = this;
    const lr = this.groups.map((group) => group.options.lr);
    const skipped = this.#skipped.some((count) => count > 0) && { skipped: this.#skipped };
    const tensors = new Map<string, TensorValue>();
    for (const [name, address, shape] of this.#arena.entries()) {
      const data = await backend.read(address, sizeOf(shape), "float32");
      tensors.set(name, { dtype: "float32", shape, data: Float32Array.from(data) });
    }
    return { steps, lr, ...skipped, tensors };
  }

  /**
   * Overwrites the optimizer's state, step count and learning rates.
   * @throws SeqgradError `format` when the state is that of other parameters or another optimizer, or damaged; nothing has changed then.
   */
  loadStateDict(state: OptimizerState): void {
    this.#checkAlive("loadStateDict");
    const faults = stateFaults(state, this.groups.length, this.params.length, this.#arena.entries());
    if (faults.length > 0) {
      const what = "the state belongs to other parameters or another optimizer, or is damaged";
      throw new SeqgradError("format", `${this.op}.loadStateDict: ${what}: ${faults.join("; ")}. Make this one as that one was made.`);
    }
    this.#arena.writeState(state.tensors);
    this.steps = state.steps;
    this.#skipped = [...(state.skipped ?? this.params.map(() => 0))];
    this.#arena.numbers.clear();
    this.#rollbacks++;
    for (const [i, group] of this.groups.entries()) group.options.lr = state.lr[i]!;
  }

  /**
   * Moves the parameters and the optimizer's state to another device; gradients are 0 there. A model's buffers, as batch norms have, stay:
   * `await model.to(device)` after it takes them along.
   * @throws SeqgradError `memory` when they do not fit there, `state` for a step made meanwhile: everything is where it was
   * @example
   * const optimizer = new sg.optim.Adam(model.parameters());
   * await optimizer.to(await sg.createDevice({ device: "wasm" }));
   */
  async to(device: Device): Promise<this> {
    checkDevice(`${this.op}.to`, device ?? null);
    const state = await this.stateDict();
    const values = await Promise.all(this.params.map(readValue));
    if (this.steps !== state.steps)
      throw new SeqgradError("state", `${this.op}.to: a step was made during the move; await the move before the next step.`);
    const arena = new ParameterArena(device.backend, this.#places, this.#arena.n, this.#state);
    try {
      arena.writeParameters(values);
      arena.writeState(state.tensors);
    } catch (error) {
      arena.discard();
      throw error;
    }
    this.#moveTo(arena);
    return this;
  }

  /** As to(), but with nothing in the parameters and the state: what they were may be out of reach. */
  place(backend: Backend): void {
    checkBackend(`${this.op}.place`, backend);
    this.#moveTo(new ParameterArena(backend, this.#places, this.#arena.n, this.#state));
  }

  /** Frees the gradients and the optimizer's state; the parameters live on. */
  dispose(): void {
    this.#arena.dispose();
  }

  /** Dispatches the update of one stretch; `state` gives the address of a state there. */
  protected abstract update(stretch: Stretch<O>, at: StretchAddresses, state: (name: string) => number): void;

  /** One call for all parameters of a group; more where some have no gradient, or had none in other steps. */
  #updateGroup(group: Group<O>, norm: number): void {
    const { parameters, gradients, state } = this.#arena;
    const { clipNorm = 0 } = this.#options;
    const first = this.#places.findIndex(({ param }) => param === group.params[0]);
    const updateStretch = (begin: number, end: number, step: number) => {
      const at = { parameter: parameters.address + begin, gradient: gradients.address + begin, norm, clipNorm };
      this.update({ options: group.options, n: (end - begin) / 4, step }, at, (name) => state.get(name)!.address + begin);
    };
    let open: { begin: number; end: number; step: number } | undefined;
    for (let i = first; i < first + group.params.length; i++) {
      const { param, offset } = this.#places[i]!;
      const step = isBlank(param) ? 0 : this.steps - this.#skipped[i]!;
      if (open && open.step !== step) {
        updateStretch(open.begin, open.end, open.step);
        open = undefined;
      }
      if (step > 0) open = { begin: open?.begin ?? offset, end: offset + inLines(param.size) * 4, step };
    }
    if (open) updateStretch(open.begin, open.end, open.step);
  }

  /** Empties the gradients of parameters that were frozen after backward(): neither the norm nor the update takes them. */
  #dropFrozen(): void {
    for (const { requiresGrad, grad } of this.params) {
      if (requiresGrad || grad!.isBlank) continue;
      this.#arena.backend.dispatch("fill", { y: grad!, n: grad!.size, value: 0 });
      grad!.isBlank = true;
    }
  }

  #clipValue(): void {
    const { clipValue = 0 } = this.#options;
    const { backend, gradients: x, n } = this.#arena;
    if (clipValue > 0) backend.dispatch("unary", { x, y: x, op: CLAMP, n, a: -clipValue, b: clipValue });
  }

  /** Moves parameters and gradients into other arenas, which replace the present ones. */
  #moveTo(arena: ParameterArena): void {
    const before = this.#arena;
    this.#arena = arena;
    this.#rollbacks++;
    before.dispose();
    arena.adopt();
  }

  /** The tensors among the parameters given; notes their names. */
  #named(params: ParameterList): Tensor[] {
    return Array.from(params, (entry) => {
      if (entry instanceof Tensor) return entry;
      const [name, p] = (Array.isArray(entry) ? entry : ["a parameter", entry]) as [string, Tensor];
      this.#names.set(checkTensor(this.op, p, shown(name)), String(name));
      return p;
    });
  }

  #nameOf(p: Tensor): string {
    return `${this.#names.get(p) ?? `parameter ${this.params.indexOf(p)}`} ${formatShape(p.shape)}`;
  }

  #checkAlive(call: string): void {
    if (!this.#arena.gradients.alive) throw new SeqgradError("state", `${this.op}.${call}: the optimizer was disposed of; make a new one.`);
  }

  /** Throws unless parameters and gradients lie in this optimizer's arenas. */
  #checkOwner(call: string): void {
    this.#checkAlive(call);
    const { backend, parameters, gradients } = this.#arena;
    for (const p of this.params) {
      const moved = p.backend !== backend && "it lies on another device; move both by optimizer.to(device)";
      const taken = p.storage !== parameters && "another optimizer has taken it over; make one optimizer for each parameter";
      const replaced = p.grad?.storage !== gradients && "its grad was replaced; set gradients to 0 by zeroGrad()";
      const cause = moved || taken || replaced;
      if (cause)
        throw new SeqgradError("state", `${this.op}.${call}: ${this.#nameOf(p)} is no longer in this optimizer's hands: ${cause}.`);
    }
  }

  /** If reading is immediate, a bad step is an error at once; otherwise it changes nothing, and the next read reports it. */
  #checkFinite(step: number, hasLoss: boolean): void {
    const number = this.#arena.numbers.readSync(step);
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
    const advice = adviceOn(step + 1, hasLoss ? loss : undefined, norm);
    const error = new SeqgradError("not-finite", `${this.op}: step ${step + 1}: ${facts.join("; ")}. ${advice}`);
    return Object.assign(error, { step: step + 1, parameter, loss: hasLoss ? loss : undefined, norm });
  }

  /** Makes the first step that failed, and those after it, which changed nothing either, not have been. */
  async #rollBack(cause: unknown): Promise<SeqgradError> {
    const bad = await this.#arena.numbers.firstBad(this.steps);
    const isLast = bad?.step === this.steps - 1;
    let culprit: Tensor | undefined;
    for (const p of isLast ? this.params : []) culprit ??= (await p.grad!.data()).some(isBad) ? p : undefined;
    if (bad) {
      this.steps = bad.step;
      this.#skipped = this.#skippedBefore[bad.step % RING]!;
    }
    this.#arena.numbers.clear();
    this.#rollbacks++;
    if (cause instanceof SeqgradError) return cause;
    return this.#notFinite(this.steps, bad!, true, culprit);
  }

  /** The numbers of a step that went well. @throws SeqgradError, after rolling back, when it or one before it did not */
  async #numberOf(step: number): Promise<StepNumber> {
    const rollbacks = this.#rollbacks;
    let cause: unknown;
    try {
      const number = await this.#arena.numbers.read(step);
      if (number.good || this.#arena.backend.readSync) return number;
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
        const { backend, numbers } = this.#arena;
        if (!backend.readSync)
          throw new SeqgradError("device", `${this.op}: ${backend.type} cannot answer at once; use \`await value.read()\`.`);
        return numbers.readSync(step)[what];
      },
    };
  }
}

/** True if a step leaves a parameter as it is. */
const isBlank = ({ grad }: Tensor) => grad!.isBlank;

/** The positions of the parameters of a group. */
function placesOf({ params, offset }: Group<unknown>): Place[] {
  let at = offset;
  return params.map((param) => {
    const place = { param, offset: at };
    at += inLines(param.size) * 4;
    return place;
  });
}

const isBad = (x: number) => !Number.isFinite(x);

function groupsOf<O>(op: string, params: ParametersOrGroups<O>): readonly ParameterGroup<O>[] {
  if (typeof params !== "object" || typeof params?.[Symbol.iterator] !== "function")
    throw new SeqgradError("value", `${op}: expected the parameters to train; pass model.parameters(), not the model.`);
  const list = [...params];
  const isGroup = (entry: (typeof list)[number]): entry is ParameterGroup<O> => entry instanceof Object && "params" in entry;
  if (list.length === 0 || !list.every(isGroup)) return [{ params: list as Iterable<Tensor>, options: {} }];
  for (const { params: own, ...rest } of list) {
    checkOptions(`${op}, a group`, rest, ["options"], "write { params, options: { lr } }.");
    if (typeof own !== "object" || typeof own?.[Symbol.iterator] !== "function")
      throw new SeqgradError("value", `${op}: a group's params are ${shown(own)}; give parameters in an array.`);
  }
  return list;
}

/** The options that are given. */
const defined = (options: object) => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
