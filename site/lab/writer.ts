import type * as sg from "seqgrad";
import type { AnyTask } from "../engine/sampler.js";
import { activationsOf, layersSize } from "./size.js";
import { type Dataset, type Field, type LabTask, numberOf, type Problem, textOf, type Values } from "./task.js";

type Lm = Awaited<ReturnType<sg.worker.WorkerTasks["LanguageModel"]["create"]>>;

export interface Writer {
  readonly id: string;
  readonly datasets: readonly Dataset<string>[];
  readonly accept: string;
  readonly form: string;
  readonly fields: readonly Field[];
  /** Tokens of a sample. */
  readonly tokens: number;
  prompt(): string | undefined;
  /** Leaves out of a file what cannot be learned from. */
  clean?(text: string): { readonly text: string; readonly problems: readonly Problem[] };
}

const LEAST = 500;

/** The vocabulary, about: exact for characters. */
function vocabOf(text: string, unit: string): number {
  if (unit === "characters") return new Set(text).size + 1;
  return unit === "words"
    ? Math.min(8000, new Set(text.toLowerCase().split(/\s+/)).size + 4)
    : Math.min(8000, 300 + Math.floor(text.length / 50));
}

/** A task that learns to write: its data are one text. */
export function writerOf({ tokens, prompt, clean, ...card }: Writer): LabTask<string> {
  const unitOf = (values: Values) => (values.unit === undefined ? "characters" : textOf(values, "unit"));
  const shapeOf = (values: Values, vocab: number) => {
    const [arch, hidden] = [textOf(values, "arch"), numberOf(values, "hidden")];
    return { arch, input: arch === "transformer" ? vocab : Math.min(64, hidden), hidden, layers: numberOf(values, "layers") };
  };
  return {
    ...card,
    read(text, name) {
      const { text: kept, problems } = clean ? clean(text) : { text: text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n"), problems: [] };
      if (kept.length < LEAST)
        throw new Error(`${name} has ${kept.length} characters to learn from; expected at least ${LEAST}. Choose a longer text.`);
      return { data: kept, notes: [`${kept.length.toLocaleString("en")} characters, ${new Set(kept).size} different ones`], problems };
    },
    preview: (text) => ({
      note: `${text.length.toLocaleString("en")} characters in ${text.split("\n").length.toLocaleString("en")} lines`,
      columns: ["line", "text"],
      rows: text.split("\n", 8).map((line, i) => [i + 1, line] as const),
    }),
    check(text, values) {
      const length = unitOf(values) === "characters" ? text.length : Math.floor(text.length / 6);
      const context = numberOf(values, "context");
      if (0.9 * length <= context + 1)
        throw new Error(`The text is too short for windows of ${context} tokens. Choose a smaller window, or a longer text.`);
      if (textOf(values, "arch") === "transformer" && numberOf(values, "hidden") % 4 !== 0)
        throw new Error("A Transformer has 4 heads. Choose units that 4 divides.");
    },
    size(text, values) {
      const vocab = vocabOf(text, unitOf(values));
      const shape = shapeOf(values, vocab);
      const { arch, input, hidden } = shape;
      const isTransformer = arch === "transformer";
      const table = isTransformer ? numberOf(values, "context") * hidden : vocab * input + (hidden === input ? 0 : vocab * hidden) + vocab;
      return {
        parameters: layersSize(shape) + table,
        activations: activationsOf(shape, numberOf(values, "batch"), numberOf(values, "context"), vocab),
      };
    },
    updates: (_, values) => numberOf(values, "steps"),
    amount: (_, values) => numberOf(values, "batch") * numberOf(values, "context"),
    unit: "tokens",
    loss: "cross-entropy of a token",
    create(trainer, text, values) {
      const [arch, hidden] = [textOf(values, "arch") as "lstm", numberOf(values, "hidden")];
      const unit = unitOf(values) as "characters";
      return trainer.tasks.LanguageModel.create(text, {
        ...{
          arch,
          hidden,
          unit,
          layers: numberOf(values, "layers"),
          context: numberOf(values, "context"),
          dropout: numberOf(values, "dropout"),
        },
        ...((arch as string) !== "transformer" && { embed: Math.min(64, hidden) }),
      });
    },
    train(task, text, values, added) {
      const steps = numberOf(values, "steps");
      return (task as Lm).train(text, {
        ...{ steps, batch: numberOf(values, "batch"), lr: numberOf(values, "lr"), seed: numberOf(values, "seed") },
        ...{ schedule: textOf(values, "schedule") as "constant", evaluateEvery: Math.max(1, Math.min(100, Math.ceil(steps / 8))) },
        ...added,
      });
    },
    evaluate: (task, text) =>
      (task as Lm).evaluate(text.slice(Math.floor(0.9 * text.length))) as Promise<object> as Promise<Record<string, number>>,
    async sample(task, _, { temperature, seed }) {
      let text = prompt() ?? "";
      for await (const piece of (task as Lm).generate(prompt(), { maxTokens: tokens, temperature, seed })) text += piece;
      return text;
    },
  };
}

/** Writes on after a prompt, piece by piece. */
export async function* written(
  task: AnyTask,
  prompt: string | undefined,
  options: { maxTokens: number; temperature: number; seed: number },
) {
  yield* (task as Lm).generate(prompt, options);
}
