import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { splitFrontMatter } from "../build/markdown.js";
import type { ControlOptions } from "../sandbox/demo.js";

/** The first lines of a chapter, as JSON. */
export interface ChapterData {
  readonly title: string;
  /** The topic of the notes that the chapter belongs to, such as "Recurrence". */
  readonly topic: string;
  /** One sentence. */
  readonly description: string;
  /** The control that matters. */
  readonly control: ControlOptions;
  /** The question at the end. The model answers it with `show.answer(choice)`. */
  readonly question: { readonly text: string; readonly choices: readonly string[]; readonly explain: string };
  /** Names of the API, such as "nn.LSTM". */
  readonly api: readonly string[];
}

export interface Chapter extends ChapterData {
  /** "02-recurrence" */
  readonly name: string;
  readonly text: string;
  readonly code: string;
}

/** The chapters of a folder, in order. */
export function chaptersOf(folder: string): Chapter[] {
  return readdirSync(folder)
    .filter((name) => /^\d\d-/.test(name) && existsSync(join(folder, name, "chapter.md")))
    .sort()
    .map((name) => {
      const file = join(folder, name, "chapter.md");
      const { data, rest } = splitFrontMatter<ChapterData>(readFileSync(file, "utf8"), file);
      return { ...data, name, text: rest, code: readFileSync(join(folder, name, "demo.js"), "utf8") };
    });
}
