import { loadModel } from "../io/model-folder.js";
import type { Store } from "../io/store.js";
import { SeqgradError } from "../util/errors.js";
import * as kinds from "./kinds.js";
import { checkSaved, typesOf } from "./task.js";

type AnyKind = (typeof kinds)[keyof typeof kinds];

/**
 * Loads the task that `save()` or `seqgrad train` saved, of any kind.
 *
 * @param store where it was saved
 * @returns the task
 * @throws SeqgradError `io` for a folder that is not complete, `format` if the folder does not hold a task of seqgrad
 * @example
 * const examples = [{ text: "good", label: "1" }, { text: "bad", label: "0" }];
 * await sg.tasks.TextClassifier.create(examples, { minCount: 1, hidden: 4 }).save(store);
 * const task = await sg.tasks.load(store);
 * await task.predict(["good"]);
 */
export async function load(store: Store): Promise<Awaited<ReturnType<AnyKind["fromSaved"]>>> {
  const saved = checkSaved("tasks.load", await loadModel(store));
  const { model_type: type } = saved.config;
  const all: readonly AnyKind[] = Object.values(kinds);
  const kind = all.find((kind) => typesOf(kind).some((known) => known === type));
  if (kind) return kind.fromSaved(saved);
  throw new SeqgradError(
    "format",
    `config.json: model_type is ${JSON.stringify(type)}; expected one of ${all.flatMap(typesOf).join(", ")}.`,
  );
}
