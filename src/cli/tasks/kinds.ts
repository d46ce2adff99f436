import { load, type SearchOptions } from "../../tasks/index.js";
import type { Tokenizer } from "../../text/tokenizer.js";
import { SeqgradError } from "../../util/errors.js";
import type { AnyTask } from "../judges/judge.js";
import { warn } from "../notes.js";
import { numberOption } from "../options.js";
import { modelStore, TRAINING_ARGS } from "../training-run.js";
import { caption } from "./caption.js";
import { classify } from "./classify.js";
import { forecast } from "./forecast.js";
import type { TaskKind, TaskRecipe } from "./kind.js";
import { trainedWith } from "./reading.js";
import { recognize } from "./recognize.js";
import { tag } from "./tag.js";
import { translate } from "./translate.js";

/** The kinds of task that the command line trains. */
export const kinds: readonly TaskKind[] = [classify, tag, forecast, translate, caption, recognize];

/** A saved task, how it reads and writes, and the options of the run that made it. */
export async function openTask(folder: string): Promise<{ task: AnyTask; kind: TaskKind; trained: TaskRecipe }> {
  const store = await modelStore(folder);
  const loaded = await load(store);
  const kind = kinds.find(({ type }) => type === loaded.type);
  if (!kind) {
    const types = kinds.map(({ type }) => type).join(", ");
    throw new SeqgradError(
      "format",
      `${folder}: the model is of type ${loaded.type}; expected one of ${types}. To write text with it, run: seqgrad generate --model ${folder}`,
    );
  }
  const task = loaded as AnyTask;
  const { tokenizer, source, target } = task as unknown as Readonly<Record<string, Partial<Tokenizer> | undefined>>;
  for (const warning of new Set([tokenizer, source, target].flatMap((part) => part?.warnings ?? []))) warn(warning);
  return { task, kind, trained: await trainedWith(store, TRAINING_ARGS) };
}

/** How the commands that answer are told to search. */
export const searchOptions = {
  beam: { type: "string", description: "Translations, captions, recognition: search, N at once", valueHint: "N" },
  "length-penalty": {
    type: "string",
    description: "Translations, captions: above 0 a search prefers longer answers, below 0 shorter ones (Default: 0)",
    valueHint: "X",
  },
} as const;

/** The search that the options ask for. */
export function searchOf(
  { name, searches }: TaskKind,
  { beam, "length-penalty": penalty }: { readonly [K in keyof typeof searchOptions]?: string | undefined },
): SearchOptions {
  const refuse = (what: string, advice: string) => {
    throw new SeqgradError("value", `${what}; ${advice}.`);
  };
  if (beam !== undefined && !searches)
    refuse(`--beam is for translations, captions and recognition; the model is of ${name}`, "leave it out");
  if (penalty !== undefined && searches !== "texts")
    refuse(`--length-penalty is for translations and captions; the model is of ${name}`, "leave it out");
  const beams = beam === undefined ? 1 : numberOption("beam", beam, { low: 1, integer: true });
  if (penalty === undefined) return { beams };
  if (beams === 1) refuse("--length-penalty ranks what a search finds, and --beam is 1", "leave it out, or give more beams");
  return { beams, lengthPenalty: numberOption("length-penalty", penalty, { low: -100, high: 100 }) };
}
