import * as sg from "seqgrad";
import type { Program } from "../program.js";

export interface TranslatorData {
  readonly status: string;
  readonly epoch: number;
  readonly exact: { readonly with: number; readonly without: number };
}

/** A translation word by word. */
export interface Translation {
  readonly source: readonly string[];
  readonly words: readonly string[];
  /** A row for each word that was written, a column for each word of the source. */
  readonly weights: Float32Array;
  readonly reference: string;
  /** The answer of the network that has no attention. */
  readonly without: string;
}

const sizes = { big: "gros", small: "petit", old: "vieux" };
const colors = { red: "rouge", green: "vert", black: "noir" };
const nouns = { dog: "chien", cat: "chat", bird: "oiseau", horse: "cheval" };
const words: Readonly<Record<string, string>> = { ...sizes, ...colors, ...nouns };

/** The right translation of clauses such as "the big red dog": a color follows its noun. */
export function reference(source: string): string {
  const clauses = source.split(" and ").map((clause) => {
    const [, size = "", color = "", noun = ""] = clause.split(" ");
    return `le ${words[size]} ${words[noun]} ${words[color]}`;
  });
  return clauses.join(" et ");
}

function draw(random: sg.RandomGenerator, clauses: number): { source: string; target: string } {
  const one = (of: object) => Object.keys(of)[random.integer(Object.keys(of).length)] ?? "";
  const source = Array.from({ length: clauses }, () => `the ${one(sizes)} ${one(colors)} ${one(nouns)}`).join(" and ");
  return { source, target: reference(source) };
}

const EPOCHS = 8;

/** Trains two translators on the same pairs, with and without attention, and decodes sentences for the page. */
const program: Program = async ({ post, frame, answer }) => {
  await sg.init({ device: "wasm", threads: 1 });
  const random = new sg.RandomGenerator(1);
  const pairs = Array.from({ length: 600 }, (_, i) => draw(random, 1 + (i % 3)));
  const unseen = Array.from({ length: 30 }, () => draw(random, 3));
  const make = (attention: "additive" | "none") => {
    sg.manualSeed(1);
    return sg.tasks.Translator.create(pairs, { arch: "lstm", hidden: 32, embed: 16, dropout: 0, attention, unit: "words", minCount: 1 });
  };
  const tasks = { with: make("additive"), without: make("none") };
  answer("translate", (source: string) => translate(tasks.with, tasks.without, source));
  const exact = { with: 0, without: 0 };
  post({ status: `Epoch 0 of ${EPOCHS}`, epoch: 0, exact } satisfies TranslatorData);
  await frame();
  const optimizers = Object.fromEntries(
    Object.entries(tasks).map(([name, { model }]) => [name, new sg.optim.Adam(model.parameters(), { lr: 1e-2, clipNorm: 1 })]),
  );
  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    for (const [name, task] of Object.entries(tasks)) {
      const optimizer = optimizers[name];
      if (!optimizer) continue;
      for await (const { type } of sg.fit(task.model, task.loader(pairs, { batch: 16 }), { optimizer, epochs: 1 }))
        if (type === "step") await frame();
      exact[name as keyof typeof exact] = (await task.evaluate(unseen)).exact ?? 0;
    }
    post({ status: `Epoch ${epoch} of ${EPOCHS}`, epoch, exact: { ...exact } } satisfies TranslatorData);
    await frame();
  }
};
export default program;

/** Decodes greedily, and reads the alignment of what was written. */
export async function translate(task: sg.tasks.Translator, other: sg.tasks.Translator, source: string): Promise<Translation> {
  const [[text = ""], [without = ""]] = [await task.predict([source]), await other.predict([source])];
  const { sos = 0, eos = 0 } = task.target.special;
  const read = sg.data.padRows([[...task.source.encode(source), eos]]);
  const written = Int32Array.of(sos, ...task.target.encode(text));
  const weights = sg.scope(() =>
    sg.noGrad(() => {
      const model = task.model as sg.models.RecurrentSeq2Seq;
      const { weights: alignment } = model.decode(sg.tensor(written, [1, written.length]), model.encode(read));
      return Float32Array.from(alignment?.dataSync() ?? []);
    }),
  );
  return { source: [...source.split(" "), "end"], words: [...text.split(" "), "end"], weights, reference: reference(source), without };
}
