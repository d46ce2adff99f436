import type { Backend } from "../backend/backend.js";
import { binaryOps, reduceOps, unaryOps } from "../backend/kernels.js";
import { InternalTensor, internal } from "../tensor/internal.js";
import { binaryCall, inRow, REPEATED, ROW, whereCall } from "../tensor/layout.js";
import { copyWords, currentFrame, type TensorStorage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { isBad, type Owner, refusal, type StepNumber } from "./refusal.js";

/** Steps whose numbers can be read; one slot more, because a step that fails has written one. */
const RING = 256;
const SLOTS = RING + 1;
/** A slot: the loss; the gradient's norm; 0, or NaN when a step before it failed or an index in its data was out of range. */
const WORDS = 3;
/** Before the slots: the guard and the carry. */
const HEAD = 16;
/** Elements of a ledger's memory. */
export const LEDGER_WORDS = HEAD + SLOTS * WORDS;

export type RuleNumbers = Readonly<Record<string, number>>;

/** The numbers of an optimizer that live on the host: what a step changes, and gets back when it is undone. */
export interface Counts {
  /** Updates made. */
  readonly steps: number;
  /** The steps that each parameter had no gradient in. */
  readonly skipped: readonly number[];
  /** The numbers that the rule of each parameter keeps: one object for parameters with one history. */
  readonly numbers: readonly RuleNumbers[];
}

/** A number on its way from the device. */
export interface PendingNumber {
  read(): Promise<number>;
  /** At once. @throws SeqgradError `device` where reading must wait. */
  readSync(): number;
}

/** The memory of a ledger: zeros at first. */
interface Home {
  readonly backend: Backend;
  readonly ledger: TensorStorage;
}

/**
 * The transactions of an optimizer's steps: their losses and norms in a ring on the device, what they counted, and how one that is not
 * finite is refused: at once where reading is immediate. Elsewhere it, and every step after it, changes nothing, and the next read
 * reports it and undoes their counts.
 */
export class StepLedger {
  readonly #before: Counts[] = [];
  /** How often steps were undone or replaced, and by what error the last time. */
  #undone = 0;
  #failure: { readonly undone: number; readonly error: Promise<SeqgradError> } | undefined;

  constructor(
    private readonly owner: Owner,
    private home: Home,
    public counts: Counts,
  ) {}

  /** Starts from these counts: no step made so far can be read any more. */
  restart(counts: Counts): void {
    this.counts = counts;
    this.#forget();
  }

  /** As restart(), with the counts so far, in other memory. */
  moveTo(home: Home): void {
    this.home = home;
    this.#undone++;
  }

  /** Notes the loss of the step at hand, if it computed one, and the norm of its gradient. */
  note(loss: Tensor | undefined, gradients: TensorStorage, n: number): void {
    const { backend } = this.home;
    const slot = this.#slot(this.counts.steps);
    if (loss) copyWords(backend, internal(loss).address, slot, 1);
    else backend.dispatch("fill", { y: slot, n: 1, value: 0 });
    backend.dispatch("norm", { x: gradients, y: slot + 4, n });
  }

  /**
   * The address of the norm by which an update decides whether to change anything. Where reading is immediate, that is the true one, once
   * the step is found to be finite. Elsewhere it is NaN from the first step whose loss, gradient or data were bad.
   * @throws SeqgradError `not-finite`
   */
  guard(hasLoss: boolean): number {
    const { backend, ledger } = this.home;
    const { steps } = this.counts;
    const slot = this.#slot(steps);
    const norm = slot + 4;
    if (!backend.async) {
      const number = numberOf(backend.readSync(slot, WORDS, "float32"));
      if (number.good) return norm;
      const culprit = this.owner.params.find((p) => p.grad?.dataSync().some(isBad));
      throw refusal(this.owner, steps + 1, hasLoss ? number.loss : undefined, number.norm, culprit);
    }
    const [guard, carry] = [ledger.address, ledger.address + 4];
    this.#add(carry, backend.async.poison, slot + 8);
    backend.dispatch("reduce", { x: slot, y: guard, op: reduceOps.indexOf("sum"), outer: 1, n: WORDS, inner: 1 });
    backend.dispatch("unary", { x: guard, y: carry, op: unaryOps.indexOf("affine"), n: 1, a: 0, b: 0 });
    this.#add(norm, carry, guard);
    return guard;
  }

  /** The norm that the last guard() returned the address of, as a tensor of the scope around. */
  guardView(): Tensor {
    const { backend, ledger } = this.home;
    const at = backend.async ? ledger.address : this.#slot(this.counts.steps) + 4;
    ledger.holders++;
    return new InternalTensor(ledger, [], "float32", undefined, (at - ledger.address) / 4, currentFrame());
  }

  /** y = b in n words, or a where reading must wait and the step of the last guard() is to change nothing. */
  choose(a: number, b: number, y: number, n: number): void {
    const { backend, ledger } = this.home;
    if (!backend.async) {
      if (b !== y) copyWords(backend, b, y, n);
      return;
    }
    backend.dispatch("where", whereCall(ledger.address + 4, { a, b, y }, inRow(n), REPEATED, ROW, ROW));
  }

  /** The update of the step is made. */
  commit(counts: Counts): void {
    this.#before[this.counts.steps % RING] = this.counts;
    this.counts = counts;
  }

  /** The counts once all steps made so far are known to be good. @throws SeqgradError as a read of the last one does */
  async settled(): Promise<Counts> {
    if (this.home.backend.async && this.counts.steps > 0) await this.#read(this.counts.steps - 1);
    return this.counts;
  }

  /** A number of a step, which holds until the ring comes round; by default of the last step. */
  pending(what: "loss" | "norm"): PendingNumber {
    const undone = this.#undone;
    const step = this.counts.steps - 1;
    const { owner } = this;
    const name = what === "loss" ? "the loss" : "the gradient's norm";
    const check = () => {
      owner.checkAlive("read");
      if (undone !== this.#undone)
        throw new SeqgradError("state", `${owner.op}: ${name} of step ${step + 1} is gone: the step was undone, or a state loaded.`);
      if (this.counts.steps - step > RING)
        throw new SeqgradError("state", `${owner.op}: ${name} of step ${step + 1} was overwritten ${RING} steps later; read it sooner.`);
    };
    return {
      read: async () => {
        check();
        return (await this.#read(step))[what];
      },
      readSync: () => {
        check();
        const { backend } = this.home;
        if (backend.async)
          throw new SeqgradError("device", `${owner.op}: ${backend.type} cannot answer at once; use \`await value.read()\`.`);
        return numberOf(backend.readSync(this.#slot(step), WORDS, "float32"))[what];
      },
    };
  }

  /** The numbers of a step that went well. @throws SeqgradError, after rolling back, when it or one before it did not */
  async #read(step: number): Promise<StepNumber> {
    const undone = this.#undone;
    let cause: unknown;
    try {
      const number = await this.#numbers(step);
      if (number.good || !this.home.backend.async) return number;
    } catch (error) {
      if (!(error instanceof SeqgradError && error.code === "range")) throw error;
      cause = error;
    }
    // Several reads of one failure wait for one rollback.
    if (this.#failure?.undone !== undone) this.#failure = { undone, error: this.#rollBack(cause) };
    throw await this.#failure.error;
  }

  /** Undoes the first step that failed, and those after it, which changed nothing either. */
  async #rollBack(cause: unknown): Promise<SeqgradError> {
    const bad = await this.#firstBad();
    const culprit = bad && bad.step === this.counts.steps - 1 ? await this.#culprit() : undefined;
    const counts = bad && this.#before[bad.step % RING];
    if (counts) this.counts = counts;
    this.#forget();
    if (cause instanceof SeqgradError) return cause;
    return refusal(this.owner, this.counts.steps + 1, bad?.loss ?? Number.NaN, bad?.norm ?? Number.NaN, culprit);
  }

  /** The first step that failed and was not reported. */
  async #firstBad(): Promise<(StepNumber & { step: number }) | undefined> {
    const { steps } = this.counts;
    for (let step = Math.max(0, steps - RING); step < steps; step++) {
      const number = await this.#numbers(step);
      if (!number.good) return { ...number, step };
    }
    return undefined;
  }

  async #culprit(): Promise<Tensor | undefined> {
    for (const p of this.owner.params) if ((await p.grad?.data())?.some(isBad)) return p;
    return undefined;
  }

  #forget(): void {
    const { backend, ledger } = this.home;
    backend.dispatch("fill", { y: ledger, n: LEDGER_WORDS, value: 0 });
    this.#undone++;
  }

  async #numbers(step: number): Promise<StepNumber> {
    return numberOf(await this.home.backend.read(this.#slot(step), WORDS, "float32"));
  }

  #slot(step: number): number {
    return this.home.ledger.address + (HEAD + (step % SLOTS) * WORDS) * 4;
  }

  #add(a: number, b: number, y: number): void {
    this.home.backend.dispatch("binary", binaryCall(binaryOps.indexOf("add"), { a, b, y }, inRow(1), ROW, ROW));
  }
}

function numberOf([loss = Number.NaN, norm = Number.NaN, failed]: Iterable<number>): StepNumber {
  return { loss, norm, good: [loss, norm, failed].every(Number.isFinite) };
}
