import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cliStoppedAfter, contents, jsonLines, refuse, succeed } from "../helpers/cli.js";
import { temporaryFolder } from "../helpers/temporary-folder.js";

const story = "The cat sat on the mat. The dog lay on the rug. Naïve 😀 cats sit; dogs lie, and the cat sat on the dog. ".repeat(30);

async function place(text = story) {
  const folder = await temporaryFolder();
  const [data, out] = [join(folder, "story.txt"), join(folder, "run")];
  await writeFile(data, text);
  const sizes = ["--hidden", 16, "--embed", 8, "--context", 8, "--batch", 4, "--lr", 0.02, "--steps", 60, "--evaluate-every", 30];
  return { folder, out, data, train: ["train", "lm", "--data", data, "--out", out, ...sizes] as (string | number)[] };
}

test.each([
  ["words", [], "word"],
  ["bpe", ["--vocab", 300], "token"],
] as const)("a model of %s is trained, saved with its tokenizer, and written with", async (unit, options, name) => {
  const { train, out, folder, data } = await place();
  const text = await succeed(...train, "--unit", unit, ...options);
  expect(text).toMatch(new RegExp(`validation loss \\d\\.\\d{4} nats per ${name}, perplexity \\d+\\.\\d\\n$`));
  const files = Object.keys((await contents(out))!);
  expect(files).toContain("tokenizer.json");
  expect(files).not.toContain("vocab.json");
  const write = (...more: (string | number)[]) =>
    succeed("generate", "--model", out, "--prompt", "The cat sat", "--max-tokens", 6, ...more);
  const greedy = await write("--temperature", 0);
  expect(greedy).toMatch(/^The cat sat on the /);
  expect(await write("--beam", 1)).toBe(greedy);
  expect(jsonLines(await write("--temperature", 0, "--json"))[0].text).toBe(greedy.slice("The cat sat".length, -1));
  // Stopped and resumed, it ends in the same bits.
  const broken = join(folder, "broken");
  await cliStoppedAfter(12, ...train, "--unit", unit, ...options, "--json", "--out", broken);
  const resume = ["train", "lm", "--data", data, "--out", broken, "--resume"];
  await refuse([...resume, "--unit", "characters"], "--unit is characters", `made with ${unit}`);
  await succeed(...resume);
  expect((await contents(broken))!["model.safetensors"]).toBe((await contents(out))!["model.safetensors"]);
});

test("words are learned from what is not held back; words of the rest are unknown", async () => {
  const { train, out } = await place("here we go again ".repeat(90) + "unseen words now ".repeat(10));
  await succeed(...train, "--unit", "words");
  const { vocabulary } = JSON.parse(Buffer.from((await contents(out))!["tokenizer.json"]!, "latin1").toString());
  expect(Object.keys(vocabulary).sort()).toEqual(["<unk>", "again", "go", "here", "we"]);
});

test("rare words are unknown, and a resume keeps to that", async () => {
  const { train, out, data } = await place(`${"the cat sat on the mat ".repeat(90)}one dog came ${"the cat sat ".repeat(30)}`);
  const words = async () => Object.keys(JSON.parse(Buffer.from((await contents(out))!["tokenizer.json"]!, "latin1").toString()).vocabulary);
  await succeed(...train, "--unit", "words", "--min-count", 2, "--steps", 2);
  expect((await words()).sort()).toEqual(["<unk>", "cat", "mat", "on", "sat", "the"]);
  await succeed("train", "lm", "--data", data, "--out", out, "--resume", "--steps", 4);
  expect(await words()).toHaveLength(6);
  await succeed(...train, "--overwrite", "--unit", "words", "--vocab", 4, "--steps", 2);
  expect((await words()).sort()).toEqual(["<unk>", "cat", "sat", "the"]);
});

test("words are in lower case as their language has it", async () => {
  const { train, out } = await place("IĞDIR'da Işık IŞIK ".repeat(60));
  const words = async () => Object.keys(JSON.parse(Buffer.from((await contents(out))!["tokenizer.json"]!, "latin1").toString()).vocabulary);
  await succeed(...train, "--unit", "words", "--steps", 2, "--locale", "tr");
  expect(await words()).toContain("ışık");
  await succeed(...train, "--overwrite", "--unit", "words", "--steps", 2);
  expect(await words()).not.toContain("ışık");
  await refuse([...train, "--overwrite", "--locale", "tr"], "--locale is for --unit words", "the unit is characters");
  await refuse([...train, "--overwrite", "--unit", "words", "--locale", "?"], '--locale is "?"', "language tag");
});

test("a language model is judged by files of its own, and tested once", async () => {
  const { train, out, folder } = await place();
  const [val, held] = [join(folder, "val.txt"), join(folder, "held.txt")];
  await writeFile(val, story.slice(0, 400));
  await writeFile(held, story.slice(100, 600));
  const lines = jsonLines(await succeed(...train, "--validation-file", val, "--test", held, "--json"));
  const measured = JSON.parse(await succeed("evaluate", "--model", out, "--data", held, "--json"));
  expect(lines.at(-1).test.loss).toBeCloseTo(measured.measures.loss, 10);
  const validated = JSON.parse(await succeed("evaluate", "--model", out, "--data", val, "--json"));
  expect(lines.at(-1).measures.loss).toBeCloseTo(validated.measures.loss, 5);
  const text = await succeed(...train, "--overwrite", "--test", 0.2);
  expect(text).toMatch(/\ntest: loss \d\.\d{4} {2}perplexity /);
  await refuse([...train, "--overwrite", "--validation", 0.5, "--test", 0.5], "--validation 0.5 and --test 0.5 leave nothing of");
});

describe("a run of an older version, whose options lack the least count", () => {
  /** The folder of a stopped run, as if saved before there was the option. */
  async function forget(out: string): Promise<void> {
    const file = join(out, "training_args.json");
    const { minCount, ...rest } = JSON.parse(await readFile(file, "utf8"));
    expect(minCount).toBeDefined();
    await writeFile(file, JSON.stringify(rest));
  }

  test("resumes, of a language model: every word counted then", async () => {
    const { train, out, data, folder } = await place();
    const broken = join(folder, "broken");
    await succeed(...train, "--unit", "words");
    await cliStoppedAfter(12, ...train, "--unit", "words", "--json", "--out", broken);
    await forget(broken);
    const resume = ["train", "lm", "--data", data, "--out", broken, "--resume"];
    await refuse([...resume, "--min-count", 2], "--min-count is 2", "made with 1");
    await succeed(...resume);
    for (const file of ["model.safetensors", "tokenizer.json", "training_args.json"])
      expect((await contents(broken))![file], file).toBe((await contents(out))![file]);
  });

  test("is refused, of a translator, which cannot find its words without it, and stays as it is", async () => {
    const { data, out } = await place("go on\tcontinue\ncome in\tentre\ngo in\tva\n".repeat(4));
    const train = ["train", "translate", "--data", data, "--out", out];
    await succeed(...train, "--hidden", 4, "--embed", 4, "--unit", "words", "--epochs", 1, "--validation", 0.4);
    await forget(out);
    const before = await contents(out);
    await refuse(
      [...train, "--resume"],
      "training_args.json does not hold the options of a run of this command",
      "start again with --overwrite",
    );
    expect(await contents(out)).toEqual(before);
  });
});

test("options of tokens that do not fit are refused", async () => {
  const { train, out } = await place();
  await refuse([...train, "--vocab", 300], "--vocab is for --unit words and bpe");
  await refuse([...train, "--min-count", 2], "--min-count is for --unit words", "the unit is characters");
  await refuse([...train, "--unit", "bpe", "--min-count", 2], "--min-count is for --unit words", "the unit is bpe");
  await refuse([...train, "--unit", "letters"], '--unit is "letters"', "words, characters, bpe");
  await refuse([...train, "--unit", "bpe", "--vocab", 10], "vocab is 10");
  await refuse([...train, "--unit", "words", "--context", 5000], "--context 5000 words");
  expect(await contents(out)).toBeUndefined();
});
