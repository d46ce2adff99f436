import { parseSafetensors, readSafetensorsMetadata, writeSafetensors } from "../io/safetensors.js";
import type { Store } from "../io/store.js";
import type { Module } from "../nn/module.js";
import type { Optimizer } from "../optim/optimizer.js";
import { isPlateauState } from "../optim/schedules.js";
import type { OptimizerState } from "../optim/state.js";
import { defaultGenerator } from "../tensor/random.js";
import { checkFiniteValues, type TensorValue } from "../tensor/value.js";
import { isWhole } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import type { RandomStart } from "../util/philox.js";

/** The file that resumes a run exactly; it holds everything, so that one atomic write is a whole checkpoint. */
export const TRAINING_STATE = "training_state.safetensors";

/** The progress of a run, without its tensors: plain JSON. */
export interface Progress {
  /** Updates made. */
  readonly step: number;
  readonly epoch: number;
  /** Batches of the epoch that are done, and the sum of their losses. */
  readonly position: number;
  readonly lossSum: number;
  readonly seconds: number;
  /** The last evaluation, the value of the best, and the evaluations since the best. */
  readonly evaluation: { readonly step: number; readonly value: number } | null;
  readonly best: number | null;
  /** The value that decided between the best and its equals, if any. */
  readonly ties?: readonly number[];
  readonly sinceBest: number;
}

/** Everything of a run that training changes, besides model, optimizer and the generator that manualSeed() sets. */
export interface Snapshot {
  readonly progress: Progress;
  /** The state of a schedule that learns from evaluations. */
  readonly plateau: readonly number[] | null;
  /** The carried recurrent state, by name. */
  readonly carried: ReadonlyMap<string, TensorValue>;
  /** The state of the run's own random numbers. */
  readonly stream: RandomStart;
  /** The parameters at the best evaluation. */
  readonly best: ReadonlyMap<string, TensorValue> | undefined;
}

/** The JSON of the file, besides the tensors. */
interface StoredState {
  readonly version: 1;
  readonly progress: Progress;
  readonly plateau: readonly number[] | null;
  /** The state of the run's own random numbers, and of those that manualSeed() sets. */
  readonly stream: RandomStart;
  readonly optimizer: Omit<OptimizerState, "tensors">;
  readonly random: RandomStart;
}

/**
 * Writes a checkpoint, whole or not at all.
 * @throws SeqgradError `not-finite` for a NaN or an infinity, which names its tensor: the checkpoint before stays
 */
export async function saveCheckpoint(store: Store, model: Module, optimizer: Optimizer, snapshot: Snapshot): Promise<void> {
  const { tensors, ...counts } = await optimizer.stateDict();
  const all = new Map([
    ...prefixed("model", await model.stateDict()),
    ...prefixed("optimizer", tensors),
    ...prefixed("carried", snapshot.carried),
    ...prefixed("best", snapshot.best ?? new Map()),
  ]);
  checkFiniteValues("fit: the checkpoint", all);
  const { progress, plateau, stream } = snapshot;
  const state: StoredState = { version: 1, progress, plateau, stream, optimizer: counts, random: defaultGenerator().state };
  await store.write(TRAINING_STATE, writeSafetensors(all, { seqgrad: JSON.stringify(state) }));
}

/**
 * Restores model, optimizer and random generator from the checkpoint in the store, if there is one. `prepare` makes what else the caller
 * takes from it and may fail too.
 * @throws SeqgradError `format` when it is damaged or belongs to another model or optimizer; nothing has changed then.
 */
export async function loadCheckpoint(
  store: Store,
  model: Module,
  optimizer: Optimizer,
  prepare: (snapshot: Snapshot) => void,
): Promise<Snapshot | undefined> {
  const bytes = await store.read(TRAINING_STATE);
  if (!bytes) return undefined;
  const before = await model.stateDict();
  try {
    const { state, tensors } = parse(bytes);
    const best = withPrefix("best", tensors);
    if (best.size > 0) model.loadStateDict(best); // now, to know that it fits
    model.loadStateDict(withPrefix("model", tensors));
    const { progress, plateau, stream } = state;
    const snapshot = { progress, plateau, stream, carried: withPrefix("carried", tensors), best: best.size > 0 ? best : undefined };
    prepare(snapshot);
    // The last that can fail: what follows was checked as it was read.
    optimizer.loadStateDict({ ...state.optimizer, tensors: withPrefix("optimizer", tensors) });
    defaultGenerator().restore(state.random);
    return snapshot;
  } catch (error) {
    model.loadStateDict(before);
    if (!(error instanceof SeqgradError)) throw error;
    throw new SeqgradError(error.code, `${TRAINING_STATE}: ${error.message}`, { cause: error });
  }
}

const prefixed = (prefix: string, tensors: ReadonlyMap<string, TensorValue>): [string, TensorValue][] =>
  Array.from(tensors, ([name, value]) => [`${prefix}/${name}`, value]);

function withPrefix(prefix: string, tensors: ReadonlyMap<string, TensorValue>): Map<string, TensorValue> {
  const start = `${prefix}/`;
  return new Map([...tensors].flatMap(([name, value]) => (name.startsWith(start) ? [[name.slice(start.length), value] as const] : [])));
}

function parse(bytes: Uint8Array): { state: StoredState; tensors: ReadonlyMap<string, TensorValue> } {
  const tensors = new Map<string, TensorValue>();
  for (const [name, { dtype, shape, data }] of parseSafetensors(bytes)) {
    if (dtype !== "float32" && dtype !== "int32") throw new SeqgradError("format", `${name} is ${dtype}; expected float32 or int32.`);
    if (dtype === "int32" && name.startsWith("optimizer/")) throw new SeqgradError("format", `${name} is int32; expected float32.`);
    tensors.set(name, { dtype, shape, data });
  }
  return { state: parseState(readSafetensorsMetadata(bytes).seqgrad), tensors };
}

function parseState(json: string | undefined): StoredState {
  try {
    const state: unknown = JSON.parse(json ?? "");
    if (isState(state)) return state;
  } catch {
    // Falls through to the error below.
  }
  throw new SeqgradError("format", "it holds no training state that this version can read; start again, or use the version that wrote it.");
}

const isNumber = (x: unknown): x is number => Number.isFinite(x);
const isCount = (x: unknown): x is number => isWhole(x) && x >= 0;
const isWord = (x: unknown): x is number => isCount(x) && x < 2 ** 32;
const isListOf = (isItem: (x: unknown) => boolean, x: unknown) => Array.isArray(x) && x.every(isItem);

function isState(x: unknown): x is StoredState {
  const { version, progress, plateau, optimizer, random, stream } = x as StoredState;
  const isPlateau = plateau === null || isPlateauState(plateau);
  const isOptimizer = isCount(optimizer.steps) && isListOf((n) => isNumber(n) && n >= 0, optimizer.lr);
  const isRandom = [random, stream].every((r) => [r.key0, r.key1, r.counter0, r.counter1].every(isWord));
  return version === 1 && isProgress(progress) && isPlateau && isOptimizer && isRandom;
}

function isProgress({ step, epoch, position, lossSum, seconds, evaluation, best, ties, sinceBest }: Progress): boolean {
  const isEvaluation = evaluation === null || (isCount(evaluation.step) && isNumber(evaluation.value));
  const isBest = (best === null || isNumber(best)) && (ties === undefined || isListOf(isNumber, ties));
  return [step, epoch, position, sinceBest].every(isCount) && [lossSum, seconds].every(isNumber) && isEvaluation && isBest;
}
