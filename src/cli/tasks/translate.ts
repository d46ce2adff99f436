import { attentionKinds } from "../../models/recurrent-decoder.js";
import { RecurrentSeq2Seq } from "../../models/recurrent-seq2seq.js";
import { constant, cosine, inverseSigmoid, linearDecay, type Schedule } from "../../optim/schedules.js";
import { type TextPair, Translator } from "../../tasks/translator.js";
import { SeqgradError } from "../../util/errors.js";
import { translatorJudge } from "../judges/writers.js";
import {
  choiceOption,
  commonOptions,
  flagOption,
  numberOption,
  partsOf,
  sizesOf,
  type TaskKind,
  type TaskRecipe,
  textOptions,
  wholeOption,
} from "./kind.js";
import { textReading } from "./reading.js";
import type { Reading } from "./task-options.js";
import { columnsIn, inputsIn } from "./text-table.js";

const parts = ["source", "target"] as const;

/** The source and the target of each row. */
async function pairsIn(text: string, file: string, reading: Reading): Promise<{ pairs: TextPair[]; reading: TaskRecipe }> {
  const { rows, reading: found } = await columnsIn(text, file, parts, reading);
  return { pairs: rows.map(({ cells: [source, target] }) => ({ source: source!, target: target! })), reading: found };
}

/** How the share of right tokens comes to its last value. */
const courses: Readonly<Record<string, (steps: number, last: number) => Schedule>> = {
  constant: (_, last) => constant(last),
  linear: linearDecay,
  cosine,
  "inverse-sigmoid": inverseSigmoid,
};

/** The options of one kind of model alone. */
const ofRecurrent = ["attention", "window", "one-way", "reverse", "teacher-forcing", "forcing"] as const;
const ofTransformer = ["heads", "label-smoothing"] as const;

export const translate: TaskKind = {
  name: "translate",
  type: Translator.type,
  description: "Train a translator of texts",
  data: "Rows of source, tab, target; or a .csv file; a header may name the columns",
  options: {
    ...textReading(parts),
    attention: choiceOption("attention", attentionKinds, "additive", "How a recurrent decoder looks back at the source"),
    window: wholeOption("window", 0, 0, "Look only at N tokens around the decoder's own position; 0 for all"),
    "one-way": flagOption("The recurrent encoder reads forward only"),
    reverse: flagOption("The recurrent encoder reads the source from its end"),
    "teacher-forcing": numberOption(
      "teacher-forcing",
      [0, 1],
      1,
      "Share of right tokens that a recurrent decoder reads in the end, for its own",
    ),
    forcing: choiceOption("forcing", Object.keys(courses), "linear", "Course of that share, from 1 or level"),
    heads: wholeOption("heads", 1, 4, "Attention heads of a transformer, whose width is --hidden"),
    "label-smoothing": numberOption(
      "label-smoothing",
      [0, 0.999],
      0.1,
      "Share of a target's probability that a transformer spreads over all tokens",
    ),
    ...textOptions,
    // A few thousand pairs hold too many words that occur once.
    unit: { ...textOptions.unit!, default: "bpe" },
    vocabulary: { ...textOptions.vocabulary!, default: 1500 },
    ...commonOptions({ cell: "gru", hidden: 128, dropout: 0.4, batch: 32, epochs: 18, schedule: "cosine" }, ["gru", "lstm", "transformer"]),
  },
  judge: translatorJudge,
  learnsBaseline: true,

  checkGiven(given, { cell, attention }) {
    const isTransformer = cell === "transformer";
    const stray = (isTransformer ? ofRecurrent : ofTransformer).find((name) => given[name] !== undefined);
    if (stray) {
      const owner = isTransformer ? "gru and lstm" : "transformer";
      throw new SeqgradError("value", `--${stray} is for --cell ${owner}, and the cell is ${cell}; leave it out.`);
    }
    if (given.window && attention === "none")
      throw new SeqgradError("value", `--window ${given.window} is for attention, and --attention is none; leave one of them out.`);
  },

  async prepare(text, file, recipe) {
    const { pairs, reading } = await pairsIn(text, file, { given: recipe, trained: {} });
    const sources = [...new Set(pairs.map(({ source }) => source))];
    if (recipe.val !== 0 && Math.round(sources.length * (recipe.val as number)) === 0) {
      const got = `--val ${recipe.val} leaves none of the ${sources.length} different sources of ${file}`;
      throw new SeqgradError("range", `${got}; give a larger share, or 0 for none.`);
    }
    const split = partsOf(sources, recipe);
    // A source's other translations would give it away: all of them are held back, or none.
    const part = (own: readonly string[]) => {
      const members = new Set(own);
      return pairs.filter(({ source }) => members.has(source));
    };
    const [train, validation, test] = [part(split.train), part(split.validation), part(split.test)];
    const { cell: arch, hidden, layers, dropout, unit } = recipe;
    const common = { arch, layers, dropout, unit, ...sizesOf(recipe) };
    const { embed, attention, window, reverse, heads } = recipe;
    // Dot attention needs states of one size.
    const recurrent = { hidden, embed, attention, window, reverse, bidirectional: !recipe["one-way"] && attention !== "dot" };
    const own = arch === "transformer" ? { hidden, heads, labelSmoothing: recipe["label-smoothing"] } : recurrent;
    return async () => ({ task: await Translator.createAsync(train, { ...common, ...own } as object), train, validation, test, reading });
  },

  course({ model }, { forcing, "teacher-forcing": share }, steps) {
    if (!(model instanceof RecurrentSeq2Seq) || share === 1) return;
    const shareAt = courses[forcing as string]!(steps, share as number);
    return (step) => {
      model.teacherForcing = shareAt(step);
    };
  },
  isTimed: ({ cell, forcing, "teacher-forcing": share }) => cell !== "transformer" && share !== 1 && forcing !== "constant",

  examples: async (_, text, file, reading) => (await pairsIn(text, file, reading)).pairs,
  searches: "texts",
  inputs: async (_, text, source, reading) => (await inputsIn(text, source, parts, "source", reading)).map(({ cells: [words] }) => words!),
  blank: "",
  show: (answer) => answer as string,
  json: (answer, input) => ({ input, answer }),
};
