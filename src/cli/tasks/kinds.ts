import { loadModel } from "../../io/model-folder.js";
import type { Store } from "../../io/store.js";
import type { SearchOptions } from "../../tasks/index.js";
import { checkSaved } from "../../tasks/task.js";
import { SeqgradError } from "../../util/errors.js";
import { type AnyFields, asFlags, type Given, integer, number, schema } from "../../util/schema.js";
import { readFlags } from "../flags.js";
import { modelStore, trainedWith } from "../training-run.js";
import * as kinds from "./index.js";
import type { Kind, Opened } from "./kind.js";

/** The kinds of task that the command line trains: one for each that the library has. */
export const commands: readonly Kind[] = Object.values(kinds);

/** A saved task, how it reads and writes, and the options of the run that made it. */
export async function openTask(folder: string, isFit: (kind: Kind) => boolean = () => true, advice = ""): Promise<OpenedTask> {
  const store = await modelStore(folder);
  const saved = checkSaved("tasks.load", await loadModel(store));
  const { model_type: type } = saved.config;
  const all = commands.filter(isFit);
  const kind = all.find(({ types }) => types.some((known) => known === type));
  if (kind) return { store, kind, task: await kind.open(saved), trained: await trainedWith(store) };
  const types = all.flatMap(({ types }) => types).join(", ");
  throw new SeqgradError("format", `${folder}/config.json: model_type is ${JSON.stringify(type)}; expected one of ${types}.${advice}`);
}

export interface OpenedTask {
  readonly store: Store;
  readonly kind: Kind;
  readonly task: Opened;
  readonly trained: Given;
}

/** The options of a search, for the commands that answer. */
export const searchFields = {
  beam: integer({ min: 1, default: 1, hint: "N", help: "Translations, captions, recognition: search, N at once" }),
  lengthPenalty: number({
    ...{ min: -100, max: 100, default: 0, help: "Translations, captions: above 0 a search prefers longer answers, below 0 shorter ones" },
  }),
} satisfies AnyFields;

const searchSchema = schema(searchFields);

/** The search that the options ask for. */
export function searchOf({ name, searches }: Kind, args: Given): SearchOptions {
  const { beam, lengthPenalty } = searchSchema.check(readFlags(searchFields, args), asFlags);
  const refuse = (what: string, advice: string) => {
    throw new SeqgradError("value", `${what}; ${advice}.`);
  };
  if (beam !== undefined && !searches)
    refuse(`--beam is for translations, captions and recognition; the model is of ${name}`, "leave it out");
  if (lengthPenalty !== undefined && searches !== "texts")
    refuse(`--length-penalty is for translations and captions; the model is of ${name}`, "leave it out");
  if (lengthPenalty === undefined) return { beam: beam ?? 1 };
  if ((beam ?? 1) === 1) refuse("--length-penalty ranks what a search finds, and --beam is 1", "leave it out, or give more beams");
  return { beam: beam ?? 1, lengthPenalty };
}
