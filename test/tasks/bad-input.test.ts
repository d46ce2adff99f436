import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { asDefault } from "../helpers/devices.js";

asDefault({ type: "wasm", variant: "simd" });

const junk: readonly unknown[] = [
  ...[undefined, null, 3, "x", {}, Symbol("s"), 2n, Object.create(null), () => 1, Number.NaN, -1, { length: -1 }, new Array(3)],
  ...[[null], [Symbol("t")], [{}], [[]], [2n], new Map(), Promise.resolve(1)],
];
const { EntityTagger, ImageCaptioner, SpeechRecognizer, TextClassifier, Translator } = sg.tasks;
const small = { hidden: 2, minCount: 1 };
const words = { ...small, arch: "gru", unit: "words" } as const;
const examples = [
  { text: "a good film", label: "good" },
  { text: "a dull film", label: "bad" },
];
const sentences = [{ words: ["Sarah", "smiles"], tags: ["B-person", "O"] }];
const pairs = [{ source: "yes", target: "oui" }];
const images = [{ features: [[1, 0]], caption: "a dot" }];
const recordings = [
  {
    frames: [
      [0, 1],
      [1, 0],
    ],
    text: "ab",
  },
];
const kinds = [
  { kind: TextClassifier, data: examples, options: small, make: () => TextClassifier.create(examples, small) },
  { kind: EntityTagger, data: sentences, options: small, make: () => EntityTagger.create(sentences, small) },
  { kind: Translator, data: pairs, options: words, make: () => Translator.create(pairs, words) },
  { kind: ImageCaptioner, data: images, options: small, make: () => ImageCaptioner.create(images, { ...small, arch: "gru" }) },
  { kind: SpeechRecognizer, data: recordings, options: { hidden: 2 }, make: () => SpeechRecognizer.create(recordings, { hidden: 2 }) },
] as const;

/** Expects a value or a SeqgradError of a call, whatever it is given. */
async function expectOutcome(call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(sg.SeqgradError);
  }
}

type Loose = Record<"loader" | "evaluate" | "predict", (...args: unknown[]) => unknown>;
type LooseKind = Record<"create" | "fromSaved", (...args: unknown[]) => unknown>;

test.each(kinds)("a task answers or refuses whatever it is given: $kind.type", async ({ kind, data, options, make }) => {
  const { create, fromSaved } = kind as unknown as LooseKind;
  const task = make() as unknown as Loose;
  for (const bad of junk) {
    await expectOutcome(() => create.call(kind, bad, options));
    await expectOutcome(() => create.call(kind, data, bad));
    await expectOutcome(() => fromSaved.call(kind, bad));
    for (const name of ["loader", "evaluate", "predict"] as const) await expectOutcome(() => task[name](bad, { batch: 1 }));
    for (const name of ["loader", "evaluate", "predict"] as const) await expectOutcome(() => task[name](data, bad));
  }
  expect(() => task.loader(data, { batchsize: 1 })).toThrow('Did you mean "batch"?');
});

test.each(kinds)("a task refuses an example of the wrong kind by its number: $kind.type", async ({ kind, data, options, make }) => {
  const { create } = kind as unknown as LooseKind;
  const task = make() as unknown as Loose;
  const [good] = data as readonly Record<string, unknown>[];
  const bad = [5, null, ...Object.keys(good!).map((name) => ({ ...good, [name]: 5 }))];
  if (kind === EntityTagger) bad.push({ ...good, tags: ["O"] }, { words: [], tags: [] });
  for (const example of bad) {
    const list = [...data, example];
    const expected = (method: string) => new RegExp(`^${kind.name}\\.${method}: .*\\b${data.length}\\b`);
    expect(() => create.call(kind, list, options)).toThrow(expected("create"));
    expect(() => task.loader(list, { batch: 1 })).toThrow(expected("loader"));
    await expect((async () => task.evaluate(list))()).rejects.toThrow(expected("evaluate"));
  }
  await expect((async () => task.predict([5]))()).rejects.toThrow(new RegExp(`^${kind.name}\\.predict: .*\\b0\\b`));
});
