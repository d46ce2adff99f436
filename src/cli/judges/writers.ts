import type { CaptionedImage } from "../../tasks/image-captioner.js";
import type { Recording } from "../../tasks/speech-recogniser.js";
import { type TextPair, Translator } from "../../tasks/translator.js";
import type { AnyTask, Criterion, Evaluation, Judge } from "./judge.js";

/** How a task is judged whose answers are texts. */
const writerJudge = <Example>(
  best: readonly Criterion[],
  {
    inputOf,
    wantedOf,
    shown,
    advice,
  }: { inputOf(x: Example): unknown; wantedOf(x: Example): string; shown(x: Example): string; advice: string },
  more: (task: AnyTask, examples: readonly Example[], answers: readonly string[]) => Promise<Partial<Evaluation>> = async () => ({}),
): Judge => ({
  best,
  advice,
  async evaluate(task, examples, search) {
    const own = examples as Example[];
    const answers = (await task.predict(own.map(inputOf), search)) as string[];
    const measures = await task.evaluate(own, { answers } as object);
    const samples = own.map((example, i) => {
      const [wanted, answer] = [wantedOf(example), answers[i]!];
      return { input: shown(example), wanted, answer, right: wanted.toLowerCase().trim() === answer.toLowerCase().trim() };
    });
    return { measures, tables: [], samples, ...(await more(task, own, answers)) };
  },
  baselines: async () => [],
});

const ofTexts: readonly Criterion[] = [
  { name: "loss", larger: false },
  { name: "bleu", larger: true },
  { name: "exact", larger: true },
];

export const translatorJudge = writerJudge<TextPair>(
  ofTexts,
  { inputOf: ({ source }) => source, wantedOf: ({ target }) => target, shown: ({ source }) => source, advice: "" },
  async (task, pairs, answers) => {
    if (!(task instanceof Translator)) return {};
    const buckets = await task.bleuByLengthAsync(pairs, answers);
    return {
      lines: buckets.map(
        ({ low, high, sentences, score }) => `${low} to ${high - 1} tokens  ${sentences} sentences  bleu ${score.toFixed(4)}`,
      ),
      json: { bleuByLength: buckets.map(({ low, high, sentences, score }) => ({ low, high, sentences, bleu: score })) },
    };
  },
);

export const captionerJudge = writerJudge<CaptionedImage>(ofTexts, {
  ...{ inputOf: ({ features }) => features, wantedOf: ({ caption }) => caption, advice: "" },
  shown: ({ features }) => `${features.length} places`,
});

export const recogniserJudge = writerJudge<Recording>(
  [
    { name: "symbolErrorRate", larger: false },
    { name: "loss", larger: false },
    { name: "exact", larger: true },
  ],
  { inputOf: ({ frames }) => frames, wantedOf: ({ text }) => text, shown: ({ frames }) => `${frames.length} frames`, advice: "" },
);
