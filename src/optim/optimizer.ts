import type { Backend } from "../backend/backend.js";
import { unaryOps } from "../backend/kernels.js";
import { checkDevice, type Device } from "../tensor/device.js";
import { revocable } from "../tensor/revocable.js";
import { scope } from "../tensor/scope.js";
import { copyWords } from "../tensor/storage.js";
import { checkBackend, type Tensor } from "../tensor/tensor.js";
import { readValue, type TensorValue } from "../tensor/value.js";
import { checkFunction, checkInterval, checkObject } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { sizeOf } from "../util/shape.js";
import { inLines, ParameterArena, type Place } from "./arena.js";
import { checkLoss } from "./check-loss.js";
import { clipFactor, clipped, compose, type Put, type Stretch } from "./compose.js";
import { type Group, type Layout, layOut, type ParametersOrGroups, type RuledGroup } from "./groups.js";
import { type Counts, type PendingNumber, type RuleNumbers, StepLedger } from "./ledger.js";
import type { Moment, OptimizerDefinition, OptimizerOptions, Values } from "./rule.js";
import { type OptimizerState, stateFaults } from "./state.js";

const CLAMP = unaryOps.indexOf("clamp");

/**
 * The base of all optimizers. Parameters, gradients and each kind of state lie in contiguous arenas, of which the tensors are views:
 * zeroing, the norm and the update are one call each (per group). A step whose gradient is not finite changes nothing.
 *
 * A parameter without a gradient stays as it is in a step, as in PyTorch: no update, no decay, no momentum, and its step count, which
 * bias corrections depend on, stays too. It has none when nothing that backward() passes reads it, and when its `requiresGrad` is false,
 * also where that was set after the optimizer was made. Parameters that are frozen when the optimizer is made are not in it.
 *
 * An optimizer of your own extends this class: see defineRule().
 * @example
 * const optimizer: sg.optim.Optimizer = new sg.optim.Adam(model.parameters());
 * const loss = optimizer.step(() => model.loss(loader.batch(0)).loss);
 * console.log(await loss.read(), await optimizer.gradientNorm().read());
 */
export abstract class Optimizer<O extends OptimizerOptions = OptimizerOptions> {
  /** Every parameter, in the order of the arenas. */
  readonly params: readonly Tensor[];
  readonly #op: string;
  readonly #clip: { readonly norm: number; readonly value: number };
  readonly #layout: Layout<O>;
  readonly #places: readonly Place[];
  readonly #set: ReadonlySet<Tensor>;
  readonly #ledger: StepLedger;
  #arena: ParameterArena;
  /** True while the parameters hold the weights to evaluate, where those are others than train. */
  #isEvaluating = false;

  protected constructor(params: ParametersOrGroups<O>, options: O | undefined, definition: OptimizerDefinition<O>) {
    checkObject(
      "Optimizer",
      "the definition",
      definition,
      "{ name, defaults, rule }, or take AdamW or another class: this one is abstract",
    );
    const op = definition.name;
    this.#op = op;
    this.#layout = layOut(definition, params, options);
    this.#clip = { norm: options?.clipNorm ?? 0, value: options?.clipValue ?? 0 };
    this.#places = this.#layout.groups.flatMap(({ places }) => places);
    this.params = this.#places.map(({ param }) => param);
    this.#set = new Set(this.params);
    const backend = this.#checkParameters();
    const counts = { steps: 0, skipped: this.params.map(() => 0), numbers: this.#firstNumbers() };
    this.#arena = this.#newArena(backend);
    const [nameOf, checkAlive] = [(p: Tensor) => this.#nameOf(p), (call: string) => this.#checkAlive(call)];
    this.#ledger = new StepLedger({ op, params: this.params, nameOf, checkAlive }, this.#arena, counts);
    this.#arena.adopt();
  }

  get groups(): readonly Group<O>[] {
    return this.#layout.groups;
  }

  /** Updates made so far. */
  get steps(): number {
    return this.#ledger.counts.steps;
  }

  /** The learning rate of all groups; set it to change it. */
  get lr(): number {
    return this.#layout.groups[0]?.options.lr ?? 0;
  }
  set lr(value: number) {
    checkInterval(this.#op, "lr", value, 0);
    for (const group of this.groups) group.options.lr = value;
  }

  /** Sets all gradients to 0. */
  zeroGrad(): void {
    this.#checkOwner("zeroGrad");
    const { backend, gradients, n } = this.#arena;
    backend.dispatch("fill", { y: gradients, n, value: 0 });
    for (const { param } of this.#places) if (param.grad) param.grad.isBlank = true;
  }

  /**
   * Makes one update.
   *
   * With a function it is a whole training step in a scope of its own: gradients are zeroed, `loss` is computed and backward() runs.
   * Without one it is the update alone, from the existing gradients.
   *
   * @param loss computes the loss, a tensor of one number; default none
   * @returns the loss on its way; nothing without a function
   * @throws SeqgradError `value`, `shape`, `dtype` or `state` for a loss that is not a tensor of one number from which a gradient flows to
   *   a parameter; `not-finite` for a loss or gradient that is NaN or infinite: parameters and optimizer are unchanged, and so are the
   *   running statistics of batch norms that `loss` moved
   */
  step(): void;
  step(loss: () => Tensor): PendingNumber;
  step(loss?: () => Tensor): PendingNumber | undefined {
    this.#checkOwner("step");
    const wasEvaluating = this.#isEvaluating;
    if (wasEvaluating && loss === undefined) {
      const advice = "call train() before the forward pass, or give step() the function that computes the loss";
      throw new SeqgradError("state", `${this.#op}.step: the parameters hold the weights of eval(); ${advice}.`);
    }
    if (wasEvaluating) this.train();
    try {
      const guard = this.#gradients(loss);
      const counts = this.#nextCounts();
      this.#update(counts, guard);
      this.#ledger.commit(counts);
    } catch (error) {
      if (wasEvaluating) this.eval();
      throw error;
    }
    this.#arena.backend.async?.submit();
    return loss && this.#ledger.pending("loss");
  }

  /**
   * Returns the norm of the last step's gradient over all parameters, before clipNorm.
   *
   * @returns the norm on its way
   */
  gradientNorm(): PendingNumber {
    return this.#ledger.pending("norm");
  }

  /**
   * Sets the parameters to the weights to evaluate and to save, for optimizers that train others (ScheduleFreeAdamW): call it before you
   * evaluate or save a model; fit() does. The next step sets them back, as train() does. Other optimizers leave them as they are.
   */
  eval(): void {
    this.#switchTo(true);
  }

  /** Sets the parameters back to the weights that train, after eval(). */
  train(): void {
    this.#switchTo(false);
  }

  /**
   * Copies the state of the optimizer, its step count and learning rates.
   *
   * @returns the state, for loadStateDict()
   */
  async stateDict(): Promise<OptimizerState> {
    this.#checkAlive("stateDict");
    const { steps, skipped, numbers } = await this.#ledger.settled();
    const lr = this.groups.map(({ options }) => options.lr);
    const more = {
      ...(skipped.some((count) => count > 0) && { skipped }),
      ...(numbers.some((own) => Object.keys(own).length > 0) && { numbers }),
      ...(this.#isEvaluating && { evaluating: true }),
    };
    const tensors = new Map<string, TensorValue>();
    for (const [name, address, shape] of this.#arena.entries()) {
      const data = await this.#arena.backend.read(address, sizeOf(shape), "float32");
      tensors.set(name, { dtype: "float32", shape, data: Float32Array.from(data) });
    }
    return { steps, lr, ...more, tensors };
  }

  /**
   * Overwrites the optimizer's state, step count and learning rates.
   *
   * @param state the result of stateDict() of an optimizer made in the same way
   * @throws SeqgradError `format` if the state belongs to other parameters or another optimizer, or is damaged; nothing has changed then
   */
  loadStateDict(state: OptimizerState): void {
    this.#checkAlive("loadStateDict");
    const faults = stateFaults(state, this.groups.length, this.#firstNumbers(), this.#arena.entries());
    if (faults.length > 0) {
      const what = "the state belongs to other parameters or another optimizer, or is damaged";
      throw new SeqgradError("format", `${this.#op}.loadStateDict: ${what}: ${faults.join("; ")}. Make this one as that one was made.`);
    }
    this.#arena.writeState(state.tensors);
    const skipped = [...(state.skipped ?? this.params.map(() => 0))];
    const known = new Map<string, RuleNumbers>();
    const shared = (own: RuleNumbers, i: number) => memo(known, `${skipped[i]} ${JSON.stringify(own)}`, () => ({ ...own }));
    this.#ledger.restart({ steps: state.steps, skipped, numbers: state.numbers?.map(shared) ?? this.#firstNumbers() });
    this.#isEvaluating = state.evaluating === true;
    for (const [i, lr] of state.lr.entries()) {
      const group = this.groups[i];
      if (group) group.options.lr = lr;
    }
  }

  /**
   * Moves the parameters and the optimizer's state to another device; gradients are 0 there. A model's buffers, as batch norms have, stay:
   * `await model.to(device)` after it takes them along.
   *
   * @param device a device of createDevice() or init()
   * @returns this optimizer
   * @throws SeqgradError `memory` when they do not fit there, `state` for a step made meanwhile: everything is where it was
   * @example
   * const optimizer = new sg.optim.Adam(model.parameters());
   * await optimizer.to(await sg.createDevice({ device: "wasm" }));
   */
  async to(device: Device): Promise<this> {
    checkDevice(`${this.#op}.to`, device ?? null);
    const state = await this.stateDict();
    const values = await Promise.all(this.params.map(readValue));
    if (this.steps !== state.steps || this.#isEvaluating !== (state.evaluating === true))
      throw new SeqgradError("state", `${this.#op}.to: a step was made during the move; await the move before the next step.`);
    const arena = this.#newArena(device.backend);
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

  /**
   * Gives parameters and state new memory on a backend, with undefined content, when the old memory may be out of reach.
   *
   * @param backend the backend
   */
  place(backend: Backend): void {
    checkBackend(`${this.#op}.place`, backend);
    this.#moveTo(this.#newArena(backend));
  }

  /** Frees the gradients and the optimizer's state; the parameters live on. */
  dispose(): void {
    this.#arena.dispose();
  }

  /** The gradients of a step, from its loss if there is one, checked. Returns the address of the norm that guards the update. */
  #gradients(loss: (() => Tensor) | undefined): number {
    const op = `${this.#op}.step`;
    return revocable((changes) => {
      const value = loss && checkLoss(op, checkFunction(op, "its argument", loss)(), this.#set);
      if (value) {
        this.zeroGrad();
        value.backward();
      }
      this.#dropFrozen();
      this.#clipValue();
      this.#ledger.note(value, this.#arena.gradients, this.#arena.n);
      const guard = this.#ledger.guard(value !== undefined);
      for (const [{ address, size }, before] of changes) this.#ledger.choose(before.address, address, address, size);
      return guard;
    });
  }

  /** The counts after the step at hand. */
  #nextCounts(): Counts {
    const { steps, skipped: before, numbers } = this.#ledger.counts;
    const skipped = this.#places.some(isBlank) ? before.map((count, i) => count + Number(isBlank(this.#places[i]))) : before;
    const { groups } = this.#layout;
    if (!groups.some(({ rule }) => rule.advance)) return { steps: steps + 1, skipped, numbers };
    const next = [...numbers];
    for (const { rule, options, places, first } of groups) {
      const known = new Map<RuleNumbers, RuleNumbers>();
      for (let i = first; i < first + places.length; i++) {
        const [own = {}, step] = [numbers[i], steps + 1 - (skipped[i] ?? 0)];
        if (!isBlank(this.#places[i])) next[i] = memo(known, own, () => rule.advance?.(own, options, step) ?? own);
      }
    }
    return { steps: steps + 1, skipped, numbers: next };
  }

  #firstNumbers(): RuleNumbers[] {
    return this.#layout.groups.flatMap(({ rule: { numbers = {} }, places }) => places.map(() => numbers));
  }

  #update(counts: Counts, norm: number): void {
    const { backend } = this.#arena;
    const isFused = ({ rule }: RuledGroup<O>) => rule.kernel !== undefined && backend.has(rule.kernel);
    const { groups } = this.#layout;
    if (groups.every(isFused)) for (const group of groups) this.#updateFused(group, counts, norm);
    else
      scope(() => {
        const factor = this.#clip.norm > 0 ? clipFactor(this.#ledger.guardView(), this.#clip.norm) : undefined;
        for (const group of groups)
          if (isFused(group)) this.#updateFused(group, counts, norm);
          else this.#updateComposed(group, counts, factor);
      });
  }

  #updateFused(group: RuledGroup<O>, counts: Counts, norm: number): void {
    const { backend, parameters, gradients } = this.#arena;
    const { rule, options } = group;
    const run = backend.dispatch.bind(backend);
    this.#forStretches(group, counts, false, true, ({ begin, end }, moment) => {
      const [parameter, gradient, n] = [parameters.address + begin, gradients.address + begin, (end - begin) / 4];
      const at = { parameter, gradient, norm, clipNorm: this.#clip.norm, n };
      rule.fused?.({ run, at, state: this.#arena.addresses(rule.state, begin) }, options, moment);
    });
  }

  #updateComposed(group: RuledGroup<O>, counts: Counts, factor: Tensor | undefined): void {
    const { rule, options } = group;
    const put: Put = (from, to, n) => this.#ledger.choose(to, from, to, n);
    this.#forStretches(group, counts, rule.shaped === true, true, (stretch, moment) => {
      compose(this.#op, this.#arena, rule.state, stretch, (x) => rule.update(clipped(x, factor), options, moment), put);
    });
  }

  #switchTo(evaluating: boolean): void {
    const { groups } = this.#layout;
    if (this.#isEvaluating === evaluating || !groups.some(({ rule }) => rule.toEval)) return;
    this.#checkOwner(evaluating ? "eval" : "train");
    this.#isEvaluating = evaluating;
    const { backend } = this.#arena;
    const put: Put = (from, to, n) => copyWords(backend, from, to, n);
    for (const group of groups) {
      const { rule, options } = group;
      const change = (x: Values<string>) => (evaluating ? rule.toEval?.(x, options) : rule.toTrain?.(x, options)) ?? {};
      this.#forStretches(group, this.#ledger.counts, rule.shaped === true, false, (stretch) => {
        compose(this.#op, this.#arena, rule.state, stretch, change, put);
      });
    }
  }

  /**
   * Visits the parts of a group that one call takes: parameters side by side that have had the same updates, or each by itself; those that
   * have had none are left out, and in an update those without a gradient.
   */
  #forStretches(
    { places, first }: RuledGroup<O>,
    { steps, skipped, numbers }: Counts,
    isShaped: boolean,
    isUpdate: boolean,
    visit: (stretch: Stretch, moment: Moment<string>) => void,
  ): void {
    let [begin, end, open] = [0, 0, 0];
    let shared: RuleNumbers | undefined;
    for (const [i, place] of places.entries()) {
      const { param, offset } = place;
      const step = isUpdate && isBlank(place) ? 0 : steps - (skipped[first + i] ?? 0);
      const own = numbers[first + i];
      if (isShaped) {
        if (step > 0) visit({ begin: offset, end: offset + param.size * 4, shape: param.shape }, { step, ...own });
        continue;
      }
      const isOther = open !== step || shared !== own;
      if (open > 0 && isOther) visit({ begin, end }, { step: open, ...shared });
      if (isOther) begin = offset;
      open = step;
      shared = own;
      end = offset + inLines(param.size) * 4;
    }
    if (open > 0) visit({ begin, end }, { step: open, ...shared });
  }

  /** Empties the gradients of parameters that were frozen after backward(): neither the norm nor the update takes them. */
  #dropFrozen(): void {
    for (const place of this.#places) {
      const { requiresGrad, grad } = place.param;
      if (requiresGrad || !grad || grad.isBlank) continue;
      this.#arena.backend.dispatch("fill", { y: grad, n: grad.size, value: 0 });
      grad.isBlank = true;
    }
  }

  #clipValue(): void {
    const { value } = this.#clip;
    const { backend, gradients: x, n } = this.#arena;
    if (value > 0) backend.dispatch("unary", { x, y: x, op: CLAMP, n, a: -value, b: value });
  }

  #newArena(backend: Backend): ParameterArena {
    const names = new Set(this.#layout.groups.flatMap(({ rule }) => rule.state));
    return new ParameterArena(backend, this.#places, this.#layout.n, names);
  }

  /** Moves parameters and gradients into other arenas, which replace the present ones. */
  #moveTo(arena: ParameterArena): void {
    const before = this.#arena;
    this.#arena = arena;
    this.#ledger.moveTo(arena);
    before.dispose();
    arena.adopt();
  }

  /** The device that all parameters are on, when they can be packed. */
  #checkParameters(): Backend {
    const [first] = this.params;
    if (!first) throw new SeqgradError("value", `${this.#op}: there are no parameters to train: pass model.parameters().`);
    for (const { param: p } of this.#places) {
      void p.address; // throws for a tensor that is gone
      if (p.backend !== first.backend || p.dtype !== "float32" || !p.isContiguous)
        throw new SeqgradError(
          "device",
          `${this.#op}: ${this.#nameOf(p)} is another device's, a view with gaps, or ${p.dtype}; expected float32 on one device.`,
        );
    }
    return first.backend;
  }

  #nameOf(p: Tensor): string {
    return `${this.#layout.names.get(p) ?? `parameter ${this.params.indexOf(p)}`} ${formatShape(p.shape)}`;
  }

  #checkAlive(call: string): void {
    if (!this.#arena.gradients.alive)
      throw new SeqgradError("state", `${this.#op}.${call}: the optimizer was disposed of; make a new one.`);
  }

  /** Throws unless parameters and gradients lie in this optimizer's arenas. */
  #checkOwner(call: string): void {
    this.#checkAlive(call);
    const { backend, parameters, gradients } = this.#arena;
    for (const { param: p } of this.#places) {
      const moved = p.backend !== backend && "it lies on another device; move both by optimizer.to(device)";
      const taken = p.storage !== parameters && "another optimizer has taken it over; make one optimizer for each parameter";
      const replaced = p.grad?.storage !== gradients && "its grad was replaced; set gradients to 0 by zeroGrad()";
      const cause = moved || taken || replaced;
      if (cause)
        throw new SeqgradError("state", `${this.#op}.${call}: ${this.#nameOf(p)} is no longer in this optimizer's hands: ${cause}.`);
    }
  }
}

/** The value known by a key; one that is made is known from here on. */
function memo<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

/** True if a step leaves a parameter as it is. */
const isBlank = (place: Place | undefined) => place?.param.grad?.isBlank ?? true;
