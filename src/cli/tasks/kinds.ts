import { fileStore } from "../../io/file-store.js";
import { loadTask } from "../../tasks/index.js";
import { SeqgradError } from "../../util/errors.js";
import { numberOption } from "../options.js";
import { caption } from "./caption.js";
import { classify } from "./classify.js";
import { forecast } from "./forecast.js";
import type { AnyTask, TaskKind } from "./kind.js";
import { recognise } from "./recognise.js";
import { tag } from "./tag.js";
import { translate } from "./translate.js";

/** The kinds of task that the command line trains. */
export const kinds: readonly TaskKind[] = [classify, tag, forecast, translate, caption, recognise];

/** A saved task, and how it reads and writes. */
export async function openTask(folder: string): Promise<{ task: AnyTask; kind: TaskKind }> {
  const task = (await loadTask(fileStore(folder))) as AnyTask;
  return { task, kind: kinds.find(({ type }) => type === task.type)! };
}

export const beamOption = {
  type: "string",
  description: "Translations, captions, recognition: search, N at once",
  valueHint: "N",
} as const;

/** The search that --beam asks for. */
export function searchOf({ name, searches }: TaskKind, beam: string | undefined): { readonly beams: number } {
  if (beam === undefined) return { beams: 1 };
  if (!searches)
    throw new SeqgradError("value", `--beam is for translations, captions and recognition; the model is of ${name}; leave it out.`);
  return { beams: numberOption("beam", beam, { low: 1, integer: true }) };
}
