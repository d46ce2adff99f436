import { afterAll, beforeAll, expect, test } from "vitest";
import { io, manualSeed, tasks } from "../../src/index.js";
import { dropDefault, initAnew } from "../helpers/default-device.js";
import { expectRejection } from "../helpers/errors.js";

beforeAll(async () => {
  await initAnew({ deterministic: true });
  manualSeed(1);
});
afterAll(dropDefault);

const text = "the cat sat on the mat. ".repeat(4);
const pairs = [
  { source: "abc", target: "cba" },
  { source: "ab", target: "ba" },
];
const small = { hidden: 8, minCount: 1 } as const;

/** The names of version 0.1 for the settings of config.json. */
const old = { arch: "cell", vocab: "vocabularySize", sourceVocab: "sourceVocabulary", targetVocab: "targetVocabulary" };
/** The same of tasks that read or write texts. */
const oldTexts = { ...old, context: "maxLength" };
const oldTransformer = { ...old, hidden: "embed", feedForward: "hidden", kvHeads: "keyValueHeads" };

const oldTranslator = { ...oldTransformer, context: "maxLength" };
/** What 0.1 called the recurrent layers of a decoder. */
const oldLayers: Readonly<Record<string, string>> = { "seqgrad-translator": "decoder.", "seqgrad-image-captioner": "decoder." };

interface Saved {
  readonly type: string;
  save(store: io.Store): Promise<void>;
}

const configOf = async (store: io.Store) => JSON.parse(new TextDecoder().decode(await store.read("config.json")));
const writeConfig = (store: io.Store, config: object) => store.write("config.json", new TextEncoder().encode(JSON.stringify(config)));

/** A folder of the task as version 0.1 wrote it: the same files, and config.json under its names. */
async function folderOf(task: Saved, names: Readonly<Record<string, string>>): Promise<io.Store> {
  const store = io.memoryStore();
  await task.save(store);
  const config = Object.entries(await configOf(store)).map(([name, value]) => [Object.hasOwn(names, name) ? names[name] : name, value]);
  // A Transformer that translates said its limit twice.
  const targetLength = task.type === "seqgrad-translator" && names === oldTranslator && { targetLength: 65 };
  await writeConfig(store, { ...Object.fromEntries(config), ...targetLength });
  const { tensors } = await io.loadModel(store);
  const old = Array.from(tensors, ([name, value]) => [name.replace(/^rnn\./, oldLayers[task.type] ?? "rnn."), value] as const);
  await store.write("model.safetensors", io.writeSafetensors(new Map(old), { format: "pt" }));
  return store;
}

test.each<
  [
    string,
    () => Saved & { predict(inputs: readonly never[], options?: object): Promise<unknown> },
    readonly unknown[],
    Readonly<Record<string, string>>,
  ]
>([
  ["a recurrent language model", () => tasks.LanguageModel.create(text, { arch: "gru", hidden: 8, embed: 4 }), ["the "], old],
  [
    "a Transformer as a language model",
    () => tasks.LanguageModel.create(text, { arch: "transformer", hidden: 8, heads: 4, kvHeads: 2, layers: 1, context: 300 }),
    ["the "],
    { ...oldTransformer, context: "contextLength" },
  ],
  [
    "a classifier",
    () =>
      tasks.TextClassifier.create(
        [
          { text: "good", label: "+" },
          { text: "bad", label: "-" },
        ],
        small,
      ),
    ["good"],
    oldTexts,
  ],
  [
    "a classifier with a Transformer, whose width was hidden then too",
    () =>
      tasks.TextClassifier.create(
        [
          { text: "good", label: "+" },
          { text: "bad", label: "-" },
        ],
        { ...small, arch: "transformer", heads: 2 },
      ),
    ["good"],
    oldTexts,
  ],
  ["a tagger", () => tasks.EntityTagger.create([{ words: ["Rome"], tags: ["B-LOC"] }], small), [["Rome"]], old],
  [
    "a captioner",
    () =>
      tasks.ImageCaptioner.create(
        [
          { features: [[1, 0]], caption: "a dot" },
          { features: [[0, 1]], caption: "no dot" },
        ],
        small,
      ),
    [[[1, 0]]],
    oldTexts,
  ],
  ["a recurrent translator", () => tasks.Translator.create(pairs, { hidden: 8, embed: 4, unit: "characters" }), ["ab"], oldTexts],
  [
    "a Transformer that translates",
    () => tasks.Translator.create(pairs, { hidden: 8, arch: "transformer", heads: 2, feedForward: 12, unit: "characters" }),
    ["ab"],
    oldTranslator,
  ],
])("%s of a folder that version 0.1 saved answers the same", async (_, make, inputs, names) => {
  const task = make();
  const store = await folderOf(task, names);
  const again = (await tasks.load(store)) as unknown as typeof task;
  expect(again.type).toBe(task.type);
  const options = task instanceof tasks.LanguageModel ? { temperature: 0, maxTokens: 9 } : {};
  expect(await again.predict(inputs as never, options)).toEqual(await task.predict(inputs as never, options));
  const saved = io.memoryStore();
  await again.save(saved);
  const now = io.memoryStore();
  await task.save(now);
  expect(await configOf(saved)).toEqual(await configOf(now));
});

test.each([
  ["a recurrent tagger", "lstm", { heads: 4 }],
  ["a tagger with a Transformer", "transformer", { bidirectional: true }],
] as const)("%s whose config has an option without an effect loads", async (_, arch, extra) => {
  const task = tasks.EntityTagger.create([{ words: ["Rome"], tags: ["B-LOC"] }], { ...small, arch });
  const store = io.memoryStore();
  await task.save(store);
  const config = await configOf(store);
  await writeConfig(store, { ...config, ...extra });
  const again = (await tasks.load(store)) as typeof task;
  expect(await again.predict([["Rome"]])).toEqual(await task.predict([["Rome"]]));
  const saved = io.memoryStore();
  await again.save(saved);
  expect(await configOf(saved)).toEqual(config);
});

test("a speech recognizer of version 0.1 loads under its type of today", async () => {
  const task = tasks.SpeechRecognizer.create([{ frames: [[0], [1]], text: "a" }], { hidden: 4 });
  const store = await folderOf(task, old);
  await writeConfig(store, { ...(await configOf(store)), model_type: "seqgrad-speech-recogniser" });
  expect((await tasks.load(store)).type).toBe("seqgrad-speech-recognizer");
});

test("a config with a setting under both names is refused", async () => {
  const store = await folderOf(tasks.LanguageModel.create(text, { arch: "gru", hidden: 8, embed: 4 }), old);
  await writeConfig(store, { ...(await configOf(store)), arch: "lstm" });
  await expectRejection("format", tasks.load(store), "config.json: has both arch and cell, its name in 0.1; expected arch alone");
});

const recurrent = { arch: "gru", hidden: 8, embed: 4 } as const;
const transformer = { arch: "transformer", hidden: 8, heads: 2, layers: 1, context: 12 } as const;

test.each([
  [recurrent, "arch", "cnn"],
  [recurrent, "embed", 5],
  [recurrent, "hidden", 9],
  [recurrent, "layers", 2],
  [recurrent, "vocab", 0],
  [transformer, "hidden", 9],
  [transformer, "feedForward", 9],
  [transformer, "layers", 2],
  [transformer, "context", 13],
  [transformer, "heads", 0],
  [transformer, "kvHeads", 0.5],
  [transformer, "norm", "batch"],
  [transformer, "positions", "none"],
  [transformer, "activation", "tan"],
  [transformer, "bias", 1],
  [transformer, "eps", -1],
  [transformer, "rotaryBase", 0.5],
  [transformer, "attentionDropout", 2],
  [transformer, "embeddingDropout", -1],
] as const)("a language model of %o whose config says %s %s is refused by that name", async (options, name, value) => {
  const store = io.memoryStore();
  await tasks.LanguageModel.create(text, options).save(store);
  await writeConfig(store, { ...(await configOf(store)), [name]: value });
  await expectRejection("format", tasks.load(store), `config.json: ${name} is ${JSON.stringify(value)}`);
});
