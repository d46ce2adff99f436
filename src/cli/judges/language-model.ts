import { charactersOf, measuresOf } from "../../tasks/language-measures.js";
import type { LanguageModel } from "../../tasks/language-model.js";
import { formatNumber } from "../../util/format.js";
import type { Judge } from "./judge.js";

/** A text in the tokens of a model, and the text itself where it is at hand. */
export interface Tokens {
  readonly ids: Int32Array;
  readonly text?: string;
}

/** How a language model is judged, on a text. */
export const languageModelJudge: Judge<LanguageModel, Tokens> = {
  advice: "Train longer, try a larger --hidden or more layers, or evaluate on a text like the one of training.",

  async evaluate(task, [tokens = nothing]) {
    const { ids, text } = tokens;
    const { unk } = task.tokenizer.special;
    const unknown = unk === undefined ? 0 : ids.filter((id) => id === unk).length / ids.length;
    const counts = { tokens: ids.length - 1, characters: charactersOf(task.tokenizer, ids, text) }; // nothing predicts the first
    return {
      head: `${counts.tokens} tokens, ${counts.characters} characters`,
      measures: measuresOf(task.tokenizer, await task.lossOf(ids), ids, text),
      tables: [],
      samples: [],
      lines:
        unknown > 0
          ? [`${formatNumber(100 * unknown)} % of the tokens are unknown to the model; they count as one token that it may predict`]
          : [],
      json: { ...counts, unknown },
    };
  },

  async baselines(_, [tokens = nothing], __, task) {
    const { ids, text } = tokens;
    const { size } = task.tokenizer;
    return [
      { name: `a guess among all ${size} tokens`, measures: measuresOf(task.tokenizer, Math.log(size), ids, text) },
      { name: "the share of each token in this text", measures: measuresOf(task.tokenizer, entropyOf(ids.subarray(1)), ids, text) },
    ];
  },
};

const nothing: Tokens = { ids: new Int32Array() };

/** In nats a token, of tokens drawn by their shares. */
function entropyOf(ids: Int32Array): number {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  let sum = 0;
  for (const count of counts.values()) sum -= (count / ids.length) * Math.log(count / ids.length);
  return sum;
}
