import { fileStore } from "../../io/file-store.js";
import { loadTask } from "../../tasks/index.js";
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
