import { splitTokens } from "../../data/windows.js";
import { RecurrentLM } from "../../models/recurrent-lm.js";
import { mayDiffer } from "../../tasks/fields.js";
import { charactersOf, measuresOf } from "../../tasks/language-measures.js";
import { LanguageModel } from "../../tasks/language-model.js";
import { encodedInTurns } from "../../text/tokenizer.js";
import type { TextUnit } from "../../text/train-tokenizer.js";
import { SeqgradError } from "../../util/errors.js";
import { formatNumber } from "../../util/format.js";
import { optionsAmong } from "../../util/options.js";
import { asFlags, type Given, integer, schema } from "../../util/schema.js";
import type { Judge, Measures } from "../judges/judge.js";
import { attentionOfLM } from "../page/attention.js";
import { kindOf } from "../train.js";
import type { Shares } from "./kind.js";

/** Tokens that a language model writes for the page. */
const WRITTEN = 300;

/** The name of one token. */
export const tokensOf: Readonly<Record<TextUnit, string>> = { characters: "character", words: "word", bpe: "token" };

const own = { checkpointEvery: integer({ min: 1, default: 500, whyFixed: mayDiffer, help: "Updates between checkpoints" }) };

/** `lstm with 1 x 256 units`, or `transformer with 4 x 4 heads, 128 wide`: layers by what one has. */
export function titleOf({ model }: Pick<LanguageModel, "model">): string {
  if (model instanceof RecurrentLM) return `${model.config.arch} with ${model.config.layers} x ${model.config.hidden} units`;
  return `transformer with ${model.config.layers} x ${model.config.heads} heads, ${model.config.hidden} wide`;
}

/** The measures of a language model in words; words and their parts are judged by the perplexity. */
export function lossLine(unit: TextUnit, { loss = Number.NaN }: Measures, isEnd: boolean): string {
  const plain = `validation loss ${loss.toFixed(4)}`;
  if (!isEnd) return plain;
  return `${plain} nats per ${tokensOf[unit]}${unit === "characters" ? "" : `, perplexity ${Math.exp(loss).toFixed(1)}`}`;
}

const settingsOf = (recipe: Given) => ({
  ...LanguageModel.options.complete(LanguageModel.options.among(recipe), asFlags),
  ...LanguageModel.training.complete(LanguageModel.training.among(recipe), asFlags, recipe),
});

/** The end of a text for validation and for the test, each long enough. */
function checkParts(
  parts: Parts,
  { validation, test }: Shares,
  { unit, context }: { unit: TextUnit; context: number },
  file: string,
): void {
  const total = parts.train.length + parts.validation.length + parts.test.length;
  for (const [name, share, part] of [
    ["validation", validation, parts.validation],
    ["test", test, parts.test],
  ] as const) {
    if (share === 0 || part.length >= 2) continue;
    const got = `--${name} ${share} leaves ${part.length} of the ${total} ${tokensOf[unit]}s of ${file}`;
    throw new SeqgradError("range", `${got}; give a larger share, or 0 for none.`);
  }
  if (parts.train.length > context) return;
  const got = `a window of --context ${context} ${tokensOf[unit]}s and the one that follows do not fit the ${parts.train.length} of ${file} to train on`;
  throw new SeqgradError("range", `${got}; give a longer text or a smaller --context.`);
}

interface Parts {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

function partsOf(tokens: Int32Array, { validation, test }: Shares): Parts {
  const held = splitTokens(tokens, test);
  return { ...splitTokens(held.train, validation / (1 - test)), test: held.validation };
}

const listOf = (ids: Int32Array): Tokens[] => (ids.length > 0 ? [{ ids }] : []);

/** A text in the tokens of a model, and the text itself where it is at hand. */
interface Tokens {
  readonly ids: Int32Array;
  readonly text?: string;
}

/** How a language model is judged, on a text. */
const languageModelJudge: Judge<LanguageModel, Tokens> = {
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

export const lm = kindOf<LanguageModel, Tokens>({
  name: "lm",
  task: LanguageModel,
  description: "Train a language model on a text",
  data: "A UTF-8 text file",
  reading: {},
  own,
  judge: languageModelJudge,

  async prepare(text, file, recipe, shares) {
    const { unit, context } = settingsOf(recipe);
    if (shares.validation + shares.test >= 1) {
      const got = `--validation ${shares.validation} and --test ${shares.test} leave nothing of ${file} to train on`;
      throw new SeqgradError("range", `${got}; give smaller shares.`);
    }
    // The characters of the whole text are tokens. Words, and parts of words, are learned from the training part alone.
    const known = unit === "characters" ? text : text.slice(0, Math.ceil(text.length * (1 - shares.validation - shares.test)));
    return async () => {
      const task = await LanguageModel.createAsync(known, LanguageModel.options.among(recipe));
      const parts = partsOf(await encodedInTurns(task.tokenizer, text), shares);
      checkParts(parts, shares, { unit, context }, file);
      return { task, train: listOf(parts.train), validation: listOf(parts.validation), test: listOf(parts.test) };
    };
  },
  train: (task, { train: [tokens], validation: [held] }, recipe, run) =>
    task.train(tokens?.ids ?? new Int32Array(), { ...LanguageModel.training.among(recipe), ...run, validation: held?.ids ?? 0 }),

  async examples(task, text, file) {
    const ids = await encodedInTurns(task.tokenizer, text);
    if (ids.length >= 2) return [{ ids, text }];
    throw new SeqgradError(
      "value",
      `${file} holds ${ids.length} of the model's tokens; expected at least two, because the model predicts each token from those before it. Give a longer text.`,
    );
  },

  counted: {
    unit: "tokens",
    title: titleOf,
    sizeOf: (texts) => texts.reduce((sum, { ids }) => sum + ids.length, 0),
    plan(recipe) {
      const { steps, batch, context } = settingsOf(recipe);
      return { steps, perStep: batch * context };
    },
    every: (recipe) => ({
      evaluation: settingsOf(recipe).evaluateEvery,
      checkpoint: schema(own).complete(optionsAmong<Given>(recipe, Object.keys(own)), asFlags).checkpointEvery,
    }),
    lineOf: (measures, recipe, isEnd) => lossLine(settingsOf(recipe).unit, measures, isEnd),
  },

  async page(task) {
    let text = "";
    for await (const piece of task.generate(undefined, { maxTokens: WRITTEN, temperature: 0.8, seed: 1 })) text += piece;
    return {
      kind: `Language model: ${titleOf(task)}, ${task.tokenizer.size} tokens`,
      written: [{ prompt: "", text }],
      attention: await attentionOfLM(task, text),
    };
  },
});
