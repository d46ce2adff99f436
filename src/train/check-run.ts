import { Module } from "../nn/module.js";
import type { CarriedState } from "../nn/trainable.js";
import { Optimizer } from "../optim/optimizer.js";
import { Plateau } from "../optim/schedules.js";
import { checkBoolean, checkFunction, checkInteger, checkInterval, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions, namesOf } from "../util/options.js";
import { paces } from "./pace.js";
import type { Batches, FitOptions, Loader } from "./types.js";

export const hasMethod = (value: unknown, name: string): boolean =>
  ((typeof value === "object" && value !== null) || typeof value === "function") && typeof Reflect.get(value, name) === "function";

export const isNumbered = <B>(loader: Loader<B>): loader is { batch(step: number): B } => hasMethod(loader, "batch");

export const hasEpochs = <B>(loader: Loader<B>): loader is { epoch(n: number): Batches<B> } => hasMethod(loader, "epoch");

export const isIterable = (batches: unknown): boolean =>
  typeof batches === "object" && batches !== null && (Symbol.iterator in batches || Symbol.asyncIterator in batches);

const optionNames = namesOf<FitOptions<unknown>>({
  ...{ optimizer: 1, epochs: 1, steps: 1, loss: 1, carryState: 1, schedule: 1, evaluate: 1, keepBest: 1, earlyStopping: 1 },
  ...{ checkpoint: 1, readEvery: 1, snapshot: 1, signal: 1, control: 1 },
});
/** The names in options that are objects themselves. */
const partNames = {
  evaluate: ["every", "run"],
  earlyStopping: ["patience"],
  checkpoint: ["store", "every", "resume"],
  snapshot: ["steps", "seconds"],
} as const;

/** Throws where the options make no run. */
export function checkRun<B, S extends CarriedState<S>>(model: Module, loader: Loader<B>, options: FitOptions<B, S>): void {
  const refuse = (what: string) => {
    throw new SeqgradError("value", `fit: ${what}`);
  };
  if (!(model instanceof Module)) refuse(`the model is ${shown(model)}; give a Module.`);
  checkOptions("fit", options ?? null, optionNames, "write fit(model, loader, { optimizer, epochs }).");
  for (const part of ["evaluate", "earlyStopping", "checkpoint", "snapshot"] as const)
    checkOptions(`fit, ${part}`, options[part], partNames[part]);
  if (!(options.optimizer instanceof Optimizer))
    refuse(`the optimizer is ${shown(options.optimizer)}; give one, as new optim.AdamW(model.parameters()).`);
  const { carryState = false, keepBest = false, checkpoint: { resume = false } = {} } = options;
  for (const [name, value] of Object.entries({ carryState, keepBest, "checkpoint.resume": resume })) checkBoolean("fit", name, value);
  if (options.loss !== undefined) checkFunction("fit", "loss", options.loss);
  if (options.evaluate) checkFunction("fit", "evaluate.run", options.evaluate.run);
  if (options.schedule !== undefined && !(options.schedule instanceof Plateau))
    checkFunction("fit", "schedule", options.schedule, "a schedule, such as optim.cosine(100)");
  if (options.signal !== undefined && !(options.signal instanceof Object && "aborted" in options.signal))
    refuse(`signal is ${shown(options.signal)}; give the signal of an AbortController.`);
  if (options.control !== undefined && !paces.get(Object(options.control)))
    refuse(`control is ${shown(options.control)}; give a new RunControl().`);
  const { steps, epochs, schedule, evaluate, earlyStopping, checkpoint, readEvery, snapshot } = options;
  if (!isNumbered(loader) && !hasEpochs(loader) && !isIterable(loader) && typeof loader !== "function")
    refuse("the loader has no batch(step) and cannot be iterated; see the type Loader.");
  if (steps === undefined && epochs === undefined) refuse("how long? Give steps or epochs.");
  if (isNumbered(loader) && steps === undefined) refuse("a loader of batch(step) has no epochs; give steps.");
  if (steps !== undefined) checkInteger("fit", "steps", steps);
  if (epochs !== undefined) checkInteger("fit", "epochs", epochs);
  if (evaluate) checkInteger("fit", "evaluate.every", evaluate.every, 1);
  if (readEvery !== undefined) checkInteger("fit", "readEvery", readEvery, 1, 256);
  if (snapshot?.steps !== undefined) checkInteger("fit", "snapshot.steps", snapshot.steps, 1);
  if (snapshot?.seconds !== undefined) checkInterval("fit", "snapshot.seconds", snapshot.seconds, 0, Number.MAX_VALUE);
  if (checkpoint) checkInteger("fit", "checkpoint.every", checkpoint.every, 1);
  const { store } = options.checkpoint ?? {};
  if (options.checkpoint && !hasMethod(store, "write")) refuse(`checkpoint.store is ${shown(store)}; give a store, as fileStore(folder).`);
  if (earlyStopping) checkInteger("fit", "earlyStopping.patience", earlyStopping.patience, 1);
  if (options.keepBest && !evaluate) refuse("keepBest needs evaluate, the measure to choose by.");
  if (earlyStopping && !evaluate) refuse("earlyStopping needs evaluate, the measure to watch.");
  if (typeof schedule === "object" && !evaluate) refuse("a Plateau needs evaluate, the measure to watch.");
}
