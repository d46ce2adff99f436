import { parseSafetensors, readSafetensorsMetadata, writeSafetensors } from "../io/safetensors.js";
import type { Store } from "../io/store.js";
import type { Module } from "../nn/module.js";
import type { Optimizer } from "../optim/optimizer.js";
import { defaultGenerator } from "../tensor/random.js";
import type { TensorValue } from "../tensor/value.js";
import { SeqgradError } from "../util/errors.js";

/** The file that resumes a run exactly; it holds everything, so that one atomic write is a whole checkpoint. */
export const TRAINING_STATE = "training_state.safetensors";

/** Where a run stands beside its tensors: plain JSON. */
export interface Progress {
  readonly step: number;
  readonly epoch: number;
  /** Batches of the epoch that are done. */
  readonly position: number;
  readonly seconds: number;
  /** The best evaluation so far and the evaluations since. */
  readonly best: number | null;
  readonly sinceBest: number;
  /** The state of a schedule that learns from evaluations. */
  readonly plateau: readonly number[] | null;
}

/** Everything of a run that training changes. */
export interface Snapshot {
  readonly progress: Progress;
  /** The carried recurrent state, by name. */
  readonly carried: ReadonlyMap<string, TensorValue>;
  /** The parameters at the best evaluation. */
  readonly best: ReadonlyMap<string, TensorValue> | undefined;
}

const prefixed = (prefix: string, tensors: ReadonlyMap<string, TensorValue>): [string, TensorValue][] =>
  Array.from(tensors, ([name, value]) => [`${prefix}/${name}`, value]);

function withPrefix(prefix: string, tensors: ReadonlyMap<string, TensorValue>): Map<string, TensorValue> {
  const start = `${prefix}/`;
  return new Map([...tensors].flatMap(([name, value]) => (name.startsWith(start) ? [[name.slice(start.length), value] as const] : [])));
}

/** Writes a checkpoint, whole or not at all. */
export async function saveCheckpoint(store: Store, model: Module, optimizer: Optimizer, snapshot: Snapshot): Promise<void> {
  const { steps, lr, tensors } = await optimizer.stateDict();
  const all = new Map([
    ...prefixed("model", await model.stateDict()),
    ...prefixed("optimizer", tensors),
    ...prefixed("carried", snapshot.carried),
    ...prefixed("best", snapshot.best ?? new Map()),
  ]);
  const state = { version: 1, progress: snapshot.progress, optimizer: { steps, lr }, random: defaultGenerator().state };
  await store.write(TRAINING_STATE, writeSafetensors(all, { seqgrad: JSON.stringify(state) }));
}

/**
 * Restores model, optimizer and random generator from the checkpoint in the store, if there is one.
 * @throws SeqgradError `format` when it is damaged or belongs to another model; nothing has changed then.
 */
export async function loadCheckpoint(store: Store, model: Module, optimizer: Optimizer): Promise<Snapshot | undefined> {
  const bytes = await store.read(TRAINING_STATE);
  if (!bytes) return undefined;
  const tensors = parseSafetensors(bytes) as ReadonlyMap<string, TensorValue>;
  const state = parseState(readSafetensorsMetadata(bytes).seqgrad);
  const before = await model.stateDict();
  model.loadStateDict(withPrefix("model", tensors));
  try {
    optimizer.loadStateDict({ ...state.optimizer, tensors: withPrefix("optimizer", tensors) });
    defaultGenerator().restore(state.random);
  } catch (error) {
    model.loadStateDict(before);
    throw error;
  }
  const best = withPrefix("best", tensors);
  return { progress: state.progress, carried: withPrefix("carried", tensors), best: best.size > 0 ? best : undefined };
}

interface StoredState {
  readonly version: number;
  readonly progress: Progress;
  readonly optimizer: { readonly steps: number; readonly lr: readonly number[] };
  readonly random: { readonly key0: number; readonly key1: number; readonly counter0: number; readonly counter1: number };
}

function parseState(json: string | undefined): StoredState {
  try {
    const state = JSON.parse(json ?? "") as StoredState;
    if (state.version === 1 && Number.isInteger(state.progress.step) && Array.isArray(state.optimizer.lr)) return state;
  } catch {
    // Falls through to the error below.
  }
  throw new SeqgradError(
    "format",
    `${TRAINING_STATE}: holds no training state that this version can read; start anew or use the version that wrote it.`,
  );
}
