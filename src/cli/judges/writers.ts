import { countedBleu } from "../../metrics/bleu.js";
import { countsOf } from "../../metrics/pairs.js";
import type { SearchOptions } from "../../tasks/index.js";
import { referencesOf } from "../../tasks/text-writer.js";
import { inTurns } from "../../util/breath.js";
import type { Baseline, Evaluation, Judge } from "./judge.js";

/** How a kind whose answers are texts is judged. */
interface WriterForm<T, Example, Input> {
  readonly advice: string;
  readonly learnsBaseline?: boolean;
  inputOf(example: Example): Input;
  expectedOf(example: Example): string;
  shown(example: Example): string;
  /** The measures of these answers; for texts also how BLEU was computed, and for translations BLEU by length. */
  measured(task: T, examples: readonly Example[], answers: readonly string[]): Promise<Pick<Evaluation, "measures" | "lines" | "json">>;
  baselines(train: readonly Example[] | undefined, examples: readonly Example[]): Promise<Baseline[]>;
}

interface Writer<Input> {
  predict(inputs: readonly Input[], options: SearchOptions): Promise<string[]>;
}

const plain = (text: string): string => text.toLowerCase().trim();

export const writerJudge = <T extends Writer<Input>, Example, Input>(form: WriterForm<T, Example, Input>): Judge<T, Example> => ({
  advice: form.advice,
  ...(form.learnsBaseline && { learnsBaseline: true }),
  async evaluate(task, examples, search) {
    const answers = await task.predict(examples.map(form.inputOf), search);
    const samples = examples.map((example, i) => {
      const [expected, answer = ""] = [form.expectedOf(example), answers[i]];
      return { input: form.shown(example), expected, answer, right: plain(expected) === plain(answer) };
    });
    return { tables: [], samples, ...(await form.measured(task, examples, answers)) };
  },
  baselines: form.baselines,
});

export const signed = ({ signature }: { readonly signature: string }) => ({
  lines: [`BLEU|${signature}`],
  json: { bleuSignature: signature },
});

/** BLEU and the share of exact answers, of answers that come from elsewhere. */
export async function textBaseline(name: string, answers: readonly string[], inputs: readonly unknown[], expected: readonly string[]) {
  const references = referencesOf(inputs, expected);
  const { score } = await inTurns(countedBleu(answers, references, { lowercase: true }));
  const right = answers.filter((answer, i) => references[i]?.some((text) => plain(text) === plain(answer)));
  return { name, measures: { bleu: score, exact: right.length / answers.length } };
}

/** The text that occurs most often, the first of several. */
export function mostCommon(texts: readonly string[]): string {
  let [most, best] = [0, ""];
  for (const [text, count] of countsOf(texts)) if (count > most) [most, best] = [count, text];
  return best;
}
