import type { Store } from "../io/index.js";
import { bitsPerCharacter, perplexity } from "../metrics/language.js";
import { encodedInTurns } from "../text/tokenizer.js";
import { SeqgradError } from "../util/errors.js";
import { formatNumber } from "../util/format.js";
import type { Measures } from "./judges/judge.js";
import { openLM } from "./lm.js";
import { formatMeasures } from "./task-report.js";
import { trainedWith } from "./tasks/reading.js";
import { TRAINING_ARGS } from "./training-run.js";

interface LMEvaluation {
  readonly tokens: number;
  readonly characters: number;
  /** The share of the tokens that the model does not know, where it has a token for these. */
  readonly unknown: number;
  readonly measures: Measures;
  readonly baselines: readonly { readonly name: string; readonly measures: Measures }[];
}

/** Measures a language model on a text, in windows as long as in training, each without what comes before it. */
export async function evaluateLM(store: Store, text: string, file: string): Promise<LMEvaluation> {
  const task = await openLM(store);
  const { tokenizer } = task;
  const ids = await encodedInTurns(tokenizer, text);
  if (ids.length < 2)
    throw new SeqgradError(
      "value",
      `${file} holds ${ids.length} of the model's tokens; expected at least two, because the model predicts each token from those before it. Give a longer text.`,
    );
  const { seq } = await trainedWith(store, TRAINING_ARGS);
  const loss = await task.lossOf(ids, typeof seq === "number" ? seq : task.context);
  const tokens = ids.length - 1; // nothing predicts the first
  const characters = Math.max(1, [...text].length - [...tokenizer.decode(ids.subarray(0, 1))].length);
  const measuresOf = (nats: number): Measures => ({
    ...{ loss: nats, perplexity: perplexity(nats) },
    bitsPerCharacter: bitsPerCharacter(nats, characters / tokens),
  });
  const { unk } = tokenizer.special;
  return {
    ...{ tokens, characters, unknown: unk === undefined ? 0 : ids.filter((id) => id === unk).length / ids.length },
    measures: measuresOf(loss),
    baselines: [
      { name: `a guess among all ${tokenizer.size} tokens`, measures: measuresOf(Math.log(tokenizer.size)) },
      { name: "the share of each token in this text", measures: measuresOf(entropyOf(ids.subarray(1))) },
    ],
  };
}

/** The lines that `evaluate` prints about it. */
export function lmLines({ tokens, characters, unknown, measures, baselines }: LMEvaluation): string[] {
  const better = baselines.filter((baseline) => baseline.measures.loss! < measures.loss!).at(-1);
  const advice = "Train longer, try a larger --hidden or more layers, or evaluate on a text like the one of training.";
  return [
    `${tokens} tokens, ${characters} characters  ${formatMeasures(measures)}`,
    ...(unknown > 0
      ? [`${formatNumber(100 * unknown)} % of the tokens are unknown to the model; they count as one token that it may predict`]
      : []),
    ...baselines.map((baseline) => `${baseline.name}: ${formatMeasures(baseline.measures)}`),
    ...(better
      ? [
          `The baseline is better: ${better.name} has perplexity ${formatNumber(better.measures.perplexity!)}, this model ${formatNumber(measures.perplexity!)}. ${advice}`,
        ]
      : []),
  ];
}

/** In nats a token, of tokens drawn by their shares. */
function entropyOf(ids: Int32Array): number {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  let sum = 0;
  for (const count of counts.values()) sum -= (count / ids.length) * Math.log(count / ids.length);
  return sum;
}
