import { countedBleu } from "../../metrics/bleu.js";
import { countedErrors } from "../../metrics/edit.js";
import { countsOf } from "../../metrics/pairs.js";
import type { CaptionedImage } from "../../tasks/image-captioner.js";
import type { Recording } from "../../tasks/speech-recognizer.js";
import { referencesOf, TextWriter } from "../../tasks/text-writer.js";
import { type TextPair, Translator } from "../../tasks/translator.js";
import { inTurns } from "../../util/breath.js";
import type { AnyTask, Baseline, Criterion, Evaluation, Judge } from "./judge.js";
import { nearestTargets } from "./nearest.js";

/** How the examples of a kind are read. */
interface Form<Example> {
  inputOf(example: Example): unknown;
  wantedOf(example: Example): string;
  shown(example: Example): string;
}

const plain = (text: string): string => text.toLowerCase().trim();

/** How a task is judged whose answers are texts. */
const writerJudge = <Example>(
  best: readonly Criterion[],
  advice: string,
  { inputOf, wantedOf, shown }: Form<Example>,
  baselines: (train: readonly Example[] | undefined, examples: readonly Example[]) => Promise<Baseline[]>,
): Judge => ({
  best,
  advice,
  async evaluate(task, examples, search) {
    const own = examples as Example[];
    const answers = (await task.predict(own.map(inputOf), search)) as string[];
    const { measures, ...more } = await measured(task, own, answers);
    const samples = own.map((example, i) => {
      const [wanted, answer] = [wantedOf(example), answers[i]!];
      return { input: shown(example), wanted, answer, right: plain(wanted) === plain(answer) };
    });
    return { measures, tables: [], samples, ...more };
  },
  baselines: (train, examples) => baselines(train as Example[] | undefined, examples as Example[]),
});

/** The measures of the answers; for texts also how BLEU was computed, and for translations BLEU by length. */
async function measured(
  task: AnyTask,
  examples: readonly unknown[],
  answers: readonly string[],
): Promise<Pick<Evaluation, "measures" | "lines" | "json">> {
  if (!(task instanceof TextWriter)) return { measures: await task.evaluate(examples, { answers } as object) };
  const { measures, bleu } = await task.report(examples, { answers });
  const buckets = task instanceof Translator ? await task.bleuByLengthAsync(examples as TextPair[], answers) : [];
  const byLength = buckets.map(({ low, high, sentences, score }) => ({ low, high, sentences, bleu: score }));
  return {
    measures,
    lines: [
      `BLEU|${bleu.signature}`,
      ...byLength.map(
        ({ low, high, sentences, bleu: score }) => `${low} to ${high - 1} tokens  ${sentences} sentences  bleu ${score.toFixed(4)}`,
      ),
    ],
    json: { bleuSignature: bleu.signature, ...(byLength.length > 0 && { bleuByLength: byLength }) },
  };
}

/** BLEU and the share of exact answers, of answers that come from elsewhere. */
async function textBaseline(name: string, answers: readonly string[], inputs: readonly unknown[], wanted: readonly string[]) {
  const references = referencesOf(inputs, wanted);
  const { score } = await inTurns(countedBleu(answers, references, { lowercase: true }));
  const right = answers.filter((answer, i) => references[i]!.some((text) => plain(text) === plain(answer)));
  return { name, measures: { bleu: score, exact: right.length / answers.length } };
}

/** The text that occurs most often, the first of several. */
function mostCommon(texts: readonly string[]): string {
  let [most, best] = [0, ""];
  for (const [text, count] of countsOf(texts)) if (count > most) [most, best] = [count, text];
  return best;
}

const ofTexts: readonly Criterion[] = [
  { name: "loss", larger: false },
  { name: "bleu", larger: true },
  { name: "exact", larger: true },
];

export const translatorJudge = writerJudge<TextPair>(
  ofTexts,
  "Try more --epochs, a larger --hidden, another --unit, or more pairs; or use the baseline.",
  { inputOf: ({ source }) => source, wantedOf: ({ target }) => target, shown: ({ source }) => source },
  async (train, pairs) => {
    if (!train) return [];
    const sources = pairs.map(({ source }) => source);
    const answers = await nearestTargets(train, sources);
    const targets = pairs.map(({ target }) => target);
    return [await textBaseline("the target of the most similar source of training", answers, sources, targets)];
  },
);

export const captionerJudge = writerJudge<CaptionedImage>(
  ofTexts,
  "Try more --epochs, a larger --hidden, or more pictures; or use the baseline.",
  { inputOf: ({ features }) => features, wantedOf: ({ caption }) => caption, shown: ({ features }) => `${features.length} places` },
  async (train, images) => {
    const captions = images.map(({ caption }) => caption);
    const common = mostCommon(train?.map(({ caption }) => caption) ?? captions);
    const answers = captions.map(() => common);
    const features = images.map((image) => image.features);
    return [await textBaseline("always the most common caption", answers, features, captions)];
  },
);

export const recognizerJudge = writerJudge<Recording>(
  [
    { name: "symbolErrorRate", larger: false },
    { name: "loss", larger: false },
    { name: "exact", larger: true },
  ],
  "Try more --epochs, a larger --hidden, or more recordings; or use the baseline.",
  { inputOf: ({ frames }) => frames, wantedOf: ({ text }) => text, shown: ({ frames }) => `${frames.length} frames` },
  async (train, recordings) => {
    const texts = recordings.map(({ text }) => text);
    const common = mostCommon(train?.map(({ text }) => text) ?? texts);
    const symbolErrorRate = await inTurns(
      countedErrors(
        texts.map(() => [...common]),
        texts.map((text) => [...text]),
      ),
    );
    const exact = texts.filter((text) => text === common).length / texts.length;
    return [{ name: "always the most common text", measures: { symbolErrorRate, exact } }];
  },
);
