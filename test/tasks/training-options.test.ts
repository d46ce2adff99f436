import { beforeAll, describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { asDefault } from "../helpers/devices.js";

asDefault({ type: "wasm", variant: "simd" });

const { tasks } = sg;
const small = { hidden: 4, layers: 1, dropout: 0 };
const many = <T>(make: (i: number) => T): T[] => Array.from({ length: 10 }, (_, i) => make(i));
const colors = ["red", "green", "blue"];
const color = (i: number) => colors[i % 3] ?? "";

type Options = Readonly<Record<string, unknown>>;
interface Made {
  readonly model: sg.nn.Module;
  train(examples: never, options: object): AsyncIterable<sg.FitEvent>;
}
interface Kind {
  readonly task: { readonly training: { readonly fields: object }; readonly criteria: readonly { readonly name: string }[] };
  readonly make: () => Made;
  readonly examples: unknown;
}

const text = "abcb".repeat(12);
const labeled = many((i) => ({ text: color(i), label: i % 2 === 0 ? "a" : "b" }));
const sentences = many((i) => ({ words: [color(i), "x"], tags: ["B-color", "O"] }));
const recordings = many((i) => ({ frames: [[i], [0], [1]], text: i % 2 === 0 ? "ab" : "b" }));
const pairs = many((i) => ({ source: color(i), target: `${color(i + 1)} ${color(i)}` }));
const images = many((i) => ({ features: [[i, 1]], caption: color(i) }));
const series = sg.data.seriesOf(Array.from({ length: 40 }, (_, t) => [Math.sin(t)]));

const kinds: Readonly<Record<string, Kind>> = {
  LanguageModel: {
    task: tasks.LanguageModel,
    make: () => tasks.LanguageModel.create(text, { ...small, embed: 4, context: 4 }),
    examples: text,
  },
  TextClassifier: {
    task: tasks.TextClassifier,
    make: () => tasks.TextClassifier.create(labeled, { ...small, embed: 4, minCount: 1 }),
    examples: labeled,
  },
  EntityTagger: {
    task: tasks.EntityTagger,
    make: () => tasks.EntityTagger.create(sentences, { ...small, embed: 4, minCount: 1, spelling: false }),
    examples: sentences,
  },
  SeriesForecaster: {
    task: tasks.SeriesForecaster,
    make: () => tasks.SeriesForecaster.create(series, 30, { ...small, history: 4 }),
    examples: many((i) => ({ series, at: 4 + 2 * i })),
  },
  SpeechRecognizer: {
    task: tasks.SpeechRecognizer,
    make: () => tasks.SpeechRecognizer.create(recordings, small),
    examples: recordings,
  },
  Translator: {
    task: tasks.Translator,
    make: () => tasks.Translator.create(pairs, { ...small, embed: 4, unit: "words", minCount: 1, context: 4 }),
    examples: pairs,
  },
  ImageCaptioner: {
    task: tasks.ImageCaptioner,
    make: () => tasks.ImageCaptioner.create(images, { ...small, embed: 4, minCount: 1, context: 4 }),
    examples: images,
  },
};

const values: Options = {
  ...{ epochs: 2, steps: 5, batch: 2, lr: 0.02, schedule: "cosine", warmup: 2, minLr: 0.005, betas: [0.5, 0.5], weightDecay: 0.5 },
  ...{ clipNorm: 1e-3, seed: 2, validation: 0.2, evaluateEvery: 2, patience: 1, teacherForcing: 0.2, forcing: "constant" },
};
/** What an option needs to have an effect. A run at a rate of 0 has its best epoch at once. */
const needs: Readonly<Record<string, Options>> = {
  minLr: { schedule: "cosine" },
  patience: { lr: 0 },
  forcing: { teacherForcing: 0.2 },
};

/** The events of a run, without its times, and the weights it ends with. */
async function courseOf({ make, examples }: Kind, options: Options): Promise<string> {
  sg.manualSeed(1);
  const task = make();
  const events: object[] = [];
  for await (const event of task.train(examples as never, options)) events.push({ ...event, milliseconds: 0, seconds: 0 });
  const weights = Array.from(await task.model.stateDict(), ([name, { data }]) => [name, Array.from(data)]);
  task.model.dispose();
  return JSON.stringify([events, weights]);
}

describe.each(Object.entries(kinds))("each option of %s.train()", (_, kind) => {
  const { fields } = kind.task.training;
  const usual = {
    batch: 3,
    lr: 0.01,
    validation: 0.4,
    schedule: "constant",
    ...("steps" in fields ? { steps: 4, evaluateEvery: 1 } : { epochs: 3 }),
  };
  const names = Object.keys(fields).filter((name) => !["checkpoint", "signal", "control"].includes(name));

  let plain: string;
  beforeAll(async () => {
    plain = await courseOf(kind, usual);
  });

  test.each(names)("%s changes the run", async (name) => {
    const context = { ...usual, ...needs[name] };
    const without = name in needs ? await courseOf(kind, context) : plain;
    const others = name === "best" ? kind.task.criteria.map((criterion) => criterion.name) : [values[name]];
    expect(others).not.toContain(undefined);
    const courses = [];
    for (const value of others) courses.push(await courseOf(kind, { ...context, [name]: value }));
    expect(courses.some((course) => course !== without)).toBe(true);
  });

  test("the same options give the same run", async () => {
    expect(await courseOf(kind, usual)).toBe(plain);
  });
});
