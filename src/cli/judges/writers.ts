import type { Frames } from "../../data/frames.js";
import { countedBleu } from "../../metrics/bleu.js";
import { countedErrors } from "../../metrics/edit.js";
import { countsOf } from "../../metrics/pairs.js";
import type { CaptionedImage, ImageCaptioner } from "../../tasks/image-captioner.js";
import type { SearchOptions } from "../../tasks/index.js";
import type { Recording, SpeechRecognizer } from "../../tasks/speech-recognizer.js";
import { referencesOf } from "../../tasks/text-writer.js";
import type { TextPair, Translator } from "../../tasks/translator.js";
import { inTurns } from "../../util/breath.js";
import type { Baseline, Evaluation, Judge } from "./judge.js";
import { nearestTargets } from "./nearest.js";

/** How a kind whose answers are texts is judged. */
interface WriterForm<T, Example, Input> {
  readonly advice: string;
  readonly learnsBaseline?: boolean;
  inputOf(example: Example): Input;
  wantedOf(example: Example): string;
  shown(example: Example): string;
  /** The measures of these answers; for texts also how BLEU was computed, and for translations BLEU by length. */
  measured(task: T, examples: readonly Example[], answers: readonly string[]): Promise<Pick<Evaluation, "measures" | "lines" | "json">>;
  baselines(train: readonly Example[] | undefined, examples: readonly Example[]): Promise<Baseline[]>;
}

interface Writer<Input> {
  predict(inputs: readonly Input[], options: SearchOptions): Promise<string[]>;
}

const plain = (text: string): string => text.toLowerCase().trim();

const writerJudge = <T extends Writer<Input>, Example, Input>(form: WriterForm<T, Example, Input>): Judge<T, Example> => ({
  advice: form.advice,
  ...(form.learnsBaseline && { learnsBaseline: true }),
  async evaluate(task, examples, search) {
    const answers = await task.predict(examples.map(form.inputOf), search);
    const samples = examples.map((example, i) => {
      const [wanted, answer = ""] = [form.wantedOf(example), answers[i]];
      return { input: form.shown(example), wanted, answer, right: plain(wanted) === plain(answer) };
    });
    return { tables: [], samples, ...(await form.measured(task, examples, answers)) };
  },
  baselines: form.baselines,
});

const signed = ({ signature }: { readonly signature: string }) => ({ lines: [`BLEU|${signature}`], json: { bleuSignature: signature } });

/** BLEU and the share of exact answers, of answers that come from elsewhere. */
async function textBaseline(name: string, answers: readonly string[], inputs: readonly unknown[], wanted: readonly string[]) {
  const references = referencesOf(inputs, wanted);
  const { score } = await inTurns(countedBleu(answers, references, { lowercase: true }));
  const right = answers.filter((answer, i) => references[i]?.some((text) => plain(text) === plain(answer)));
  return { name, measures: { bleu: score, exact: right.length / answers.length } };
}

/** The text that occurs most often, the first of several. */
function mostCommon(texts: readonly string[]): string {
  let [most, best] = [0, ""];
  for (const [text, count] of countsOf(texts)) if (count > most) [most, best] = [count, text];
  return best;
}

export const translatorJudge = writerJudge<Translator, TextPair, string>({
  advice: "Try more --epochs, a larger --hidden, another --unit, or more pairs; or use the baseline.",
  learnsBaseline: true,
  inputOf: ({ source }) => source,
  wantedOf: ({ target }) => target,
  shown: ({ source }) => source,
  async measured(task, pairs, answers) {
    const { measures, bleu } = await task.report(pairs, { answers });
    const { lines, json } = signed(bleu);
    const buckets = await task.bleuByLengthAsync(pairs, answers);
    const byLength = buckets.map(({ low, high, sentences, score }) => ({ low, high, sentences, bleu: score }));
    const told = byLength.map(
      ({ low, high, sentences, bleu: score }) => `${low} to ${high - 1} tokens  ${sentences} sentences  bleu ${score.toFixed(4)}`,
    );
    return { measures, lines: [...lines, ...told], json: { ...json, ...(byLength.length > 0 && { bleuByLength: byLength }) } };
  },
  async baselines(train, pairs) {
    if (!train) return [];
    const sources = pairs.map(({ source }) => source);
    const answers = await nearestTargets(train, sources);
    const targets = pairs.map(({ target }) => target);
    return [await textBaseline("the target of the most similar source of training", answers, sources, targets)];
  },
});

export const captionerJudge = writerJudge<ImageCaptioner, CaptionedImage, Frames>({
  advice: "Try more --epochs, a larger --hidden, or more pictures; or use the baseline.",
  inputOf: ({ features }) => features,
  wantedOf: ({ caption }) => caption,
  shown: ({ features }) => `${features.length} places`,
  async measured(task, images, answers) {
    const { measures, bleu } = await task.report(images, { answers });
    return { measures, ...signed(bleu) };
  },
  async baselines(train, images) {
    const captions = images.map(({ caption }) => caption);
    const common = mostCommon(train?.map(({ caption }) => caption) ?? captions);
    const answers = captions.map(() => common);
    const features = images.map((image) => image.features);
    return [await textBaseline("always the most common caption", answers, features, captions)];
  },
});

export const recognizerJudge = writerJudge<SpeechRecognizer, Recording, Frames>({
  advice: "Try more --epochs, a larger --hidden, or more recordings; or use the baseline.",
  inputOf: ({ frames }) => frames,
  wantedOf: ({ text }) => text,
  shown: ({ frames }) => `${frames.length} frames`,
  measured: async (task, recordings, answers) => ({ measures: await task.evaluate(recordings, { answers }) }),
  async baselines(train, recordings) {
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
});
