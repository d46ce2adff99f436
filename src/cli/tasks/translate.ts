import { splitItems } from "../../data/data-loader.js";
import { attentionKinds } from "../../models/recurrent-decoder.js";
import { type TextPair, Translator } from "../../tasks/translator.js";
import { choiceOption, columnsIn, commonOptions, linesOf, type TaskKind, textOptions } from "./kind.js";

/** The source and the target of each row. */
async function pairsIn(text: string, file: string): Promise<TextPair[]> {
  return (await columnsIn(text, file, ["source", "target"])).map(({ cells: [source, target] }) => ({ source: source!, target: target! }));
}

export const translate: TaskKind = {
  name: "translate",
  type: Translator.type,
  description: "Train a translator of texts",
  data: "Rows of source, tab, target; or a .csv file; a header may name the columns",
  options: {
    attention: choiceOption("attention", attentionKinds, "additive", "How the decoder looks back at the source"),
    ...textOptions,
    ...commonOptions({ cell: "gru", hidden: 128, dropout: 0.3, batch: 32, epochs: 10 }, ["gru", "lstm"]),
  },
  best: { measure: "loss", larger: false },

  async prepare(text, file, recipe) {
    const { train, validation } = splitItems(await pairsIn(text, file), { validation: recipe.val as number, seed: recipe.seed as number });
    const { cell, hidden, layers, embed, dropout, attention, unit } = recipe;
    const sizes = { minCount: recipe["min-count"], maxLength: recipe["max-length"] };
    const bidirectional = attention !== "dot"; // whose score wants states of one size
    const options = { cell, hidden, layers, embed, dropout, attention, unit, bidirectional, ...sizes };
    return () => ({ task: Translator.create(train, options as object), train, validation });
  },

  examples: async (_, text, file) => pairsIn(text, file),
  inputs: async (_, text) => linesOf(text),
  search: (task, inputs, beams) => (task as unknown as Translator).predict(inputs as string[], { beams }),
  show: (answer) => answer as string,
  json: (answer, input) => ({ input, answer }),
};
