import { basename } from "node:path";
import type { Store } from "../io/index.js";
import type { FitEvent } from "../train/types.js";
import { version } from "./version.js";

/** The file next to the model that records how training went: a JSON object a line, the first about the run as a whole. */
export const HISTORY = "history.jsonl";

export interface HistoryLine extends Readonly<Record<string, unknown>> {
  readonly type: string;
  readonly step?: number;
}

/** A file of data as the history names it. */
export const dataOf = (path: string, sha256: string) => ({ name: basename(path), sha256 });

/** The versions that a run computes with: they may differ after a resume. */
export const versionsOf = (device: string) => ({ seqgrad: version, node: process.versions.node, device });

/**
 * The history of a run, a file in its folder. Each change writes the whole file, so that a reader finds the old lines or the new ones. A
 * run that resumes drops the lines of the updates that it repeats: its file equals the file of an uninterrupted run, except for a line
 * `resume`.
 */
export class History {
  #isNew = true;
  private constructor(
    private readonly store: Store,
    private lines: HistoryLine[],
    /** The record that comes with the first event of a resumed run. */
    private resumed: object | undefined,
  ) {}

  /** The history of a new run, or of a resumed one, whose file is written again with the first line that is added. */
  static async open(store: Store, { resume, run, versions }: { resume: boolean; run: object; versions: object }): Promise<History> {
    const before = resume ? await readHistory(store) : [];
    if (before[0]?.type === "run") return new History(store, before.filter(isOfUpdates), versions);
    const history = new History(store, [{ type: "run", ...run, ...versions }], undefined);
    await history.#write();
    return history;
  }

  /** Must get every event of the run: it finds the ones that come again. */
  observe(event: FitEvent): void {
    const step = event.type === "end" ? event.steps : event.step;
    if (this.#isNew && this.resumed) {
      const from = event.type === "step" ? step - 1 : step;
      this.lines = this.lines.filter((line) => (line.step ?? 0) <= from);
      this.lines.push({ type: "resume", step: from, ...this.resumed });
    }
    this.#isNew = false;
    if (event.type === "device") this.lines = this.lines.filter((line) => (line.step ?? 0) <= step);
  }

  /** Adds a line, replacing the same event of the same update, and writes the file. */
  async add(line: HistoryLine): Promise<void> {
    const isSame = (other: HistoryLine) => isOfUpdates(line) && other.type === line.type && other.step === line.step;
    this.lines = [...this.lines.filter((other) => !isSame(other)), line];
    await this.#write();
  }

  async #write(): Promise<void> {
    const text = this.lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    await this.store.write(HISTORY, new TextEncoder().encode(text));
  }
}

/**
 * The mean loss of a run without epochs since the line before: a line before each evaluation and each checkpoint, so that a resume finds
 * whole ones.
 */
export class TrainingLines {
  #sum = 0;
  #count = 0;

  constructor(
    private readonly history: History,
    private readonly every: readonly number[],
  ) {}

  async observe(event: FitEvent): Promise<void> {
    if (event.type === "step") {
      this.#sum += event.loss;
      this.#count++;
      if (this.every.some((n) => event.step % n === 0)) await this.#report(event.step);
    } else if (event.type === "device") [this.#sum, this.#count] = [0, 0];
    else if (event.type === "checkpoint") await this.#report(event.step);
  }

  async #report(step: number): Promise<void> {
    if (this.#count > 0) await this.history.add({ type: "training", step, loss: this.#sum / this.#count });
    [this.#sum, this.#count] = [0, 0];
  }
}

/** True if a resumed run keeps a line: lines that were written because the run ended are dropped. */
const isOfUpdates = ({ type, final }: HistoryLine) => !final && !["end", "validation", "test", "warning"].includes(type);

/** The lines of a folder's history, or an empty list where the file does not exist. Skips lines that are not JSON. */
export async function readHistory(store: Store): Promise<HistoryLine[]> {
  const bytes = await store.read(HISTORY);
  return new TextDecoder()
    .decode(bytes ?? new Uint8Array())
    .split("\n")
    .flatMap(parsed);
}

function parsed(line: string): HistoryLine[] {
  try {
    const json = JSON.parse(line);
    return typeof json?.type === "string" ? [json] : [];
  } catch {
    return [];
  }
}
