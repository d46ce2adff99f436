import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { io, manualSeed, SeqgradError, tasks } from "../../src/index.js";
import { CharTokenizer, trainTokenizer } from "../../src/text/index.js";
import { dropDefault, initAnew } from "../helpers/default-device.js";
import { expectError, expectRejection } from "../helpers/errors.js";

beforeAll(async () => {
  await initAnew({ deterministic: true });
  manualSeed(1);
});
afterAll(dropDefault);

const text = "the cat sat on the mat. the dog sat on the log. ".repeat(30);
const small = { hidden: 24, context: 16 } as const;

describe.each(["rnn", "gru", "lstm", "transformer"] as const)("a language model of arch %s", (arch) => {
  test("learns a text, continues it, and comes back from a store the same", async () => {
    const sizes = arch === "transformer" ? { layers: 1, heads: 2, kvHeads: 1 } : { embed: 12 };
    const lm = await tasks.LanguageModel.createAsync(text, { arch, ...small, ...sizes });
    const before = await lm.evaluate(text);
    const { steps, evaluations, end } = await lm.train(text, { steps: 120, batch: 8, lr: 1e-2, evaluateEvery: 60 });
    expect([steps.length, evaluations.length, end.steps]).toEqual([120, 2, 120]);
    const after = await lm.evaluate(text);
    expect(after.loss).toBeLessThan(before.loss / 3);
    expect(after.perplexity).toBeCloseTo(Math.exp(after.loss), 10);
    expect(after.bitsPerCharacter).toBeCloseTo(after.loss / Math.LN2, 10);
    const options = { maxTokens: 12, temperature: 0 } as const;
    const pieces: string[] = [];
    for await (const piece of lm.generate("the dog s", options)) pieces.push(piece);
    expect(pieces.join("")).toHaveLength(12);
    expect(pieces.join("")).toMatch(/^at on the /);
    expect(await lm.predict(["the dog s", "the cat "], options)).toEqual([pieces.join(""), (await lm.predict(["the cat "], options))[0]]);

    const store = io.memoryStore();
    await lm.save(store);
    const again = await tasks.load(store);
    expect(again).toBeInstanceOf(tasks.LanguageModel);
    const loaded = again as tasks.LanguageModel;
    expect([loaded.type, loaded.context, loaded.summary()]).toEqual([lm.type, 16, lm.summary()]);
    expect(await loaded.evaluate(text)).toEqual(after);
    expect(await loaded.predict(["the dog s"], options)).toEqual([pieces.join("")]);
    lm.model.dispose();
    loaded.model.dispose();
  });
});

test("events come one by one, and a run can be left", async () => {
  const lm = tasks.LanguageModel.create(text, { arch: "gru", ...small });
  const losses: number[] = [];
  for await (const event of lm.train(text, { steps: 50 })) {
    if (event.type === "step") losses.push(event.loss);
    if (losses.length === 3) break;
  }
  expect(losses).toHaveLength(3);
  lm.model.dispose();
});

test("a text ends before the first place of stop, wherever pieces are cut, and whole where there is none", async () => {
  const lm = await tasks.LanguageModel.createAsync(text, small);
  const written = async (stop?: string) => {
    let all = "";
    for await (const piece of lm.generate("the ", { maxTokens: 60, seed: 3, ...(stop !== undefined && { stop }) })) all += piece;
    return all;
  };
  const whole = await written();
  expect(whole.length).toBeGreaterThan(40);
  // Some of these begin many times before they are there.
  for (let at = 5; at < 35; at += 5)
    for (const length of [1, 2, 5]) {
      const stop = whole.slice(at, at + length);
      expect(await written(stop), JSON.stringify(stop)).toBe(whole.slice(0, whole.indexOf(stop)));
    }
  expect(await written(`${whole.slice(-3)}#`)).toBe(whole);
  expect(await written(`${whole[4]}#`)).toBe(whole);
});

test("words, parts of words and a tokenizer of one's own are units", async () => {
  const words = tasks.LanguageModel.create(text, { ...small, unit: "words" });
  expect(words.tokenizer.encode("the dog")).toHaveLength(2);
  const bpe = tasks.LanguageModel.create(text, { ...small, unit: "bpe", vocab: 270 });
  expect(bpe.tokenizer.size).toBe(270);
  const own = tasks.LanguageModel.create(text, { ...small, tokenizer: CharTokenizer.fromText(text) });
  const store = io.memoryStore();
  await bpe.save(store);
  expect(((await tasks.load(store)) as tasks.LanguageModel).tokenizer.encode("the mat")).toEqual(bpe.tokenizer.encode("the mat"));
  for (const task of [words, bpe, own]) task.model.dispose();
});

describe("weights are tied", () => {
  const make = (options: tasks.LanguageModelOptions) => tasks.LanguageModel.create(text, { hidden: 8, ...options });
  test.each<[string, tasks.LanguageModelOptions, boolean]>([
    ["where the sizes are equal", { embed: 8 }, true],
    ["not where they differ", { embed: 4 }, false],
    ["nor at the usual sizes", {}, false],
    ["in a Transformer", { arch: "transformer" }, true],
    ["not where that is refused", { embed: 8, tieWeights: false }, false],
    ["nor in a Transformer then", { arch: "transformer", tieWeights: false }, false],
    ["where that is demanded", { embed: 8, tieWeights: true }, true],
  ])("%s", async (_, options, tied) => {
    const task = make(options);
    expect(task.model.config.tieWeights).toBe(tied);
    const store = io.memoryStore();
    await task.save(store);
    const again = (await tasks.load(store)) as tasks.LanguageModel;
    expect(again.model.config).toEqual(task.model.config);
    expect(again.model.parameterCount()).toBe(task.model.parameterCount());
    for (const one of [task, again]) one.model.dispose();
  });

  test("and a demand for it is an error where the sizes differ", () => {
    expectError("value", () => make({ embed: 4, tieWeights: true }), "tieWeights needs embed (4) equal to hidden (8)");
  });
});

describe("refuses to make a language model", () => {
  const create = (options: object, from: unknown = text) => tasks.LanguageModel.create(from as string, options);

  test.each<[string, object, unknown, string]>([
    ["an unknown option", { hiden: 3 }, text, '"hiden" is not an option. Did you mean "hidden"?'],
    ["an unknown arch", { arch: "gpt" }, text, "arch"],
    ["heads of an LSTM", { heads: 2 }, text, "heads is for arch transformer, and the model is lstm, which has embed; leave it out."],
    [
      "embed of a Transformer",
      { arch: "transformer", embed: 8 },
      text,
      "embed is for arch rnn, gru and lstm, and the model is transformer, which has heads",
    ],
    ["a unit beside a tokenizer", { unit: "words", tokenizer: trainTokenizer([text], { unit: "words" }) }, text, "leave one of them out"],
    ["what is not a text", {}, 5, "the text is a number; give a string."],
  ])("is refused: %s", (_, options, from, part) => {
    expectError("value", () => create(options, from), part);
  });

  test("nor a run: unknown options, and texts that are too short", async () => {
    const lm = create(small);
    expectError("value", () => lm.train(text, { epochs: 3 } as object), '"epochs" is not an option');
    expectError("range", () => lm.train(text, { steps: 0 }), "steps is 0");
    for (const choice of [{ best: "loss" }, { patience: 2 }, { evaluateEvery: 5 }])
      await expectRejection(
        "value",
        Promise.resolve(lm.train(text, { ...choice, validation: 0 })),
        `${Object.keys(choice)[0]} has no effect, since no part of the text is held back`,
      );
    await expectRejection("range", Promise.resolve(lm.train("the cat", {})), "the text has 6 tokens to train on and 1 to measure by");
    await expectRejection("range", lm.evaluate("t"), "a text of 1 tokens has none to predict");
    await expect(lm.predict("the cat" as never)).rejects.toBeInstanceOf(SeqgradError);
    lm.model.dispose();
  });
});
