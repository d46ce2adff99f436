import { SeqgradError } from "../../src/util/errors.js";
import { start, type Trainer } from "../../src/worker/index.js";

/** Texts of two labels. */
export const reviews = Array.from({ length: 40 }, (_, i) => ({
  text: i % 2 ? `a good film, number ${i}` : `a dull film, number ${i}`,
  label: i % 2 ? "good" : "dull",
}));
export const options = { hidden: 8, minCount: 1 };

const trainers: Trainer[] = [];

/** Ends the workers that a test has started. */
export function closeAll(): void {
  for (const trainer of trainers.splice(0)) trainer.close();
}

export async function started(options: Parameters<typeof start>[0] = {}): Promise<Trainer> {
  const trainer = await start({ device: "wasm", threads: 1, seed: 1, ...options });
  trainers.push(trainer);
  return trainer;
}
export async function classifier(trainer: Trainer) {
  return trainer.tasks.TextClassifier.create(reviews, options);
}

export function raise(message: string): never {
  throw new Error(message);
}

/** The error of a promise. */
export async function failure(promise: PromiseLike<unknown>): Promise<SeqgradError> {
  const error = await Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error instanceof SeqgradError) return error;
  throw new Error(`expected a SeqgradError, got ${error}`);
}
