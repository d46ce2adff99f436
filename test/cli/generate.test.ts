import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { generate } from "../../src/decode/generate.js";
import { tasks } from "../../src/index.js";
import { fileStore } from "../../src/io/file-store.js";
import type { RecurrentLM } from "../../src/models/recurrent-lm.js";
import { cli, jsonLines, refuse, succeed, workplace } from "../helpers/cli.js";
import { initAnew } from "../helpers/default-device.js";
import { temporaryFolder } from "../helpers/temporary-folder.js";

/** A folder of a model trained a little, which may be changed. */
async function model(): Promise<string> {
  const { train, out } = await workplace();
  await succeed(...train, "--steps", 60, "--lr", 0.02);
  return out;
}

const write = (folder: string, ...options: (string | number)[]) =>
  succeed("generate", "--model", folder, "--prompt", "The ", "--max-tokens", 40, ...options);

describe("generate", () => {
  test("says what the tokenizer warns of, and the text stays alone on stdout", async () => {
    const { train, out } = await workplace("the cat sat. the dog sat. ".repeat(30));
    await succeed(...train, "--unit", "words", "--steps", 1);
    const file = join(out, "tokenizer.json");
    const json = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify({ ...json, unicode: "12.0.0" }));
    for (const command of [["generate", "--prompt", "the", "--max-tokens", 2, "--seed", 1], ["report"]]) {
      const { stdout, stderr } = await cli(command[0]!, "--model", out, ...command.slice(1));
      expect(stderr).toMatch(/^warning: The tokenizer was made with the words of Unicode 12\.0\.0/m);
      expect(stdout).not.toContain("warning");
    }
  });

  test("prints the prompt and what follows it", async () => {
    const folder = await model();
    const text = await write(folder, "--seed", 1);
    expect(text.startsWith("The ")).toBe(true);
    expect(text).toHaveLength(4 + 40 + 1);
    expect(await write(folder, "--max-tokens", 0)).toBe("The \n");
  });

  test("with the same seed writes the same, with another another", async () => {
    const folder = await model();
    const first = await write(folder, "--seed", 1);
    expect(await write(folder, "--seed", 1)).toBe(first);
    expect(await write(folder, "--seed", 2)).not.toBe(first);
    expect(await write(folder)).not.toBe(await write(folder));
  });

  test("with --json prints one object", async () => {
    const folder = await model();
    const text = await write(folder, "--seed", 3);
    expect(jsonLines(await write(folder, "--seed", 3, "--json"))).toEqual([{ type: "end", prompt: "The ", text: text.slice(4, -1) }]);
  });

  test("with --temperature 0, --top-k 1 or a tiny --top-p always takes the likeliest", async () => {
    const folder = await model();
    await initAnew();
    const { model: lm, tokenizer } = (await tasks.load(fileStore(folder))) as tasks.LanguageModel;
    let greedy = "The ";
    for await (const token of generate(lm as RecurrentLM, tokenizer.encode(greedy), { maxTokens: 40, temperature: 0 }))
      greedy += tokenizer.decode([token]);
    expect(await write(folder, "--temperature", 0)).toBe(`${greedy}\n`);
    expect(await write(folder, "--top-k", 1, "--temperature", 5, "--seed", 1)).toBe(`${greedy}\n`);
    expect(await write(folder, "--top-p", 1e-6, "--temperature", 5, "--seed", 2)).toBe(`${greedy}\n`);
    expect(await write(folder, "--temperature", 5, "--seed", 2)).not.toBe(`${greedy}\n`);
  });

  test("with --beam searches: one beam is greedy, more find a text at least as likely, the same each time", async () => {
    const folder = await model();
    const search = async (beams: number) => jsonLines(await write(folder, "--beam", beams, "--json"))[0];
    const one = await search(1);
    expect(`The ${one.text}\n`).toBe(await write(folder, "--temperature", 0));
    const four = await search(4);
    expect(four).toEqual({ type: "end", prompt: "The ", text: expect.any(String), logProbability: expect.any(Number) });
    expect(four.text).toHaveLength(40);
    expect(four.logProbability).toBeGreaterThanOrEqual(one.logProbability - 1e-6);
    expect(await write(folder, "--beam", 4)).toBe(`The ${four.text}\n`);
    expect(await write(folder, "--beam", 4, "--max-tokens", 0)).toBe("The \n");
  });

  test("without a prompt begins a text, the same as the library", async () => {
    const folder = await model();
    const text = await succeed("generate", "--model", folder, "--max-tokens", 30, "--seed", 5);
    expect(text).toHaveLength(31);
    await initAnew();
    const lm = (await tasks.load(fileStore(folder))) as tasks.LanguageModel;
    let expected = "";
    for await (const piece of lm.generate(undefined, { maxTokens: 30, temperature: 0.8, seed: 5 })) expected += piece;
    expect(text).toBe(`${expected}\n`);
    const [line] = jsonLines(await succeed("generate", "--model", folder, "--max-tokens", 30, "--seed", 5, "--json"));
    expect(line).toEqual({ type: "end", prompt: "", text: expected });
    lm.model.dispose();
  });

  test("with --stop ends where that text appears, and leaves it out", async () => {
    const folder = await model();
    const whole = (await write(folder, "--seed", 1)).slice(4, -1);
    // A text of two characters that comes first where it is looked for.
    const at = [...whole].findIndex((_, i) => i > 3 && whole.indexOf(whole.slice(i, i + 2)) === i);
    const stop = whole.slice(at, at + 2);
    expect(await write(folder, "--seed", 1, "--stop", stop)).toBe(`The ${whole.slice(0, at)}\n`);
    expect(jsonLines(await write(folder, "--seed", 1, "--stop", stop, "--json"))[0].text).toBe(whole.slice(0, at));
    expect(await write(folder, "--seed", 1, "--stop", "\u0394")).toBe(`The ${whole}\n`);
    const found = (await write(folder, "--beam", 2)).slice(4, -1);
    expect(await write(folder, "--beam", 2, "--stop", found.slice(5, 8))).toBe(`The ${found.slice(0, found.indexOf(found.slice(5, 8)))}\n`);
    await refuse(["generate", "--model", folder, "--stop", ""], "--stop", "leave it out");
  });

  test("with -n writes several texts, of seeds one after the other, or the best that a search finds", async () => {
    const folder = await model();
    const one = async (seed: number) => jsonLines(await write(folder, "--seed", seed, "--json"))[0].text;
    const texts = [await one(7), await one(8), await one(9)];
    expect(jsonLines(await write(folder, "--seed", 7, "-n", 3, "--json")).map(({ text }) => text)).toEqual(texts);
    expect(await write(folder, "--seed", 7, "-n", 2)).toBe(`The ${texts[0]}\n\nThe ${texts[1]}\n`);
    const found = jsonLines(await write(folder, "--beam", 4, "-n", 3, "--json"));
    expect(found.map(({ logProbability }) => logProbability)).toEqual(
      found.map(({ logProbability }) => logProbability).toSorted((a, b) => b - a),
    );
    expect(new Set(found.map(({ text }) => text)).size).toBe(3);
    await refuse(["generate", "--model", folder, "--beam", 2, "-n", 3], "-n 3 is over --beam 2");
    await refuse(["generate", "--model", folder, "-n", 0], "--n is");
    await refuse(["generate", "--model", folder, "-n"], "--n has no value");
  });

  test("with --repetition-penalty avoids what is there", async () => {
    const folder = await model();
    const distinct = (text: string) => new Set(text).size;
    for (const options of [
      ["--temperature", 0],
      ["--beam", 3],
    ]) {
      const plain = await write(folder, ...options);
      expect(await write(folder, ...options, "--repetition-penalty", 1)).toBe(plain);
      expect(distinct(await write(folder, ...options, "--repetition-penalty", 5))).toBeGreaterThan(distinct(plain));
    }
  });

  test("on each device", async () => {
    const folder = await model();
    const texts = new Set<string>();
    for (const options of [["--device", "reference"], ["--device", "wasm"], ["--deterministic"]])
      texts.add(await write(folder, "--temperature", 0, ...options));
    expect(texts.size).toBe(1);
  });

  test("reads a prompt that looks like an option, after =", async () => {
    const { train, out } = await workplace("--help me -1 ".repeat(30));
    await succeed(...train, "--steps", 1);
    const text = await succeed("generate", "--model", out, "--prompt=--help", "--max-tokens", 3);
    expect(text).toHaveLength(7 + 1 + 2);
    expect(await succeed("generate", "--model", out, "--prompt", "-h", "--max-tokens", 3)).toHaveLength(2 + 3 + 1);
    await refuse(["generate", "--model", out, "--prompt", "--me"], "--prompt=VALUE");
  });
});

describe("generate refuses", () => {
  let folder: string;
  beforeAll(async () => {
    const work = await workplace();
    await succeed(...work.train, "--steps", 1);
    folder = work.out;
  });
  const command = (at: string, ...options: (string | number)[]) => ["generate", "--model", at, "--prompt", "The ", ...options];

  test("characters that are not in the vocabulary, and no characters", async () => {
    await refuse(["generate", "--model", folder, "--prompt", "The Ω"], '"Ω"', "U+03A9", "position 4");
    await refuse(["generate", "--model", folder, "--prompt", ""], "prompt is empty");
  });

  test.each([
    ["--temperature", -1],
    ["--temperature", "hot"],
    ["--max-tokens", -1],
    ["--max-tokens", 1.5],
    ["--top-k", 0],
    ["--top-p", 1.1],
    ["--top-p", 0],
    ["--seed", -1],
    ["--beam", 0],
    ["--beam", 2.5],
    ["--repetition-penalty", 0],
    ["--repetition-penalty", "no"],
    ["--device", "tpu"],
  ])("%s %s", async (option, value) => {
    await refuse(command(folder, option, value), option, String(value));
  });

  test("more beams than characters, and what is of no use to a search", async () => {
    await refuse(command(folder, "--beam", 500), "500 beams are more than the", "tokens there are");
    for (const option of ["--temperature", "--top-k", "--top-p", "--seed"])
      await refuse(command(folder, "--beam", 2, option, 1), option, "--beam", "contradict");
  });

  test("a folder without a model", async () => {
    const empty = await temporaryFolder();
    await refuse(command(empty), "config.json", "folder of a saved model");
    await refuse(command(join(empty, "nothing")), "config.json");
    await refuse(command(join(folder, "config.json")), "config.json");
    await refuse(command("/dev/null"), "/dev/null");
  });

  const files = ["config.json", "vocab.json", "model.safetensors"];

  async function damaged(change: (path: string) => Promise<void>, name: string): Promise<string> {
    const copy = join(await temporaryFolder(), "model");
    await cp(folder, copy, { recursive: true });
    await change(join(copy, name));
    return copy;
  }

  test.each(files)("a folder whose %s is missing, empty, cut short or garbled", async (name) => {
    const bytes = await readFile(join(folder, name));
    await refuse(command(await damaged((path) => rm(path), name)), name);
    for (const length of [0, 1, Math.floor(bytes.length / 2), bytes.length - 3])
      await refuse(command(await damaged((path) => writeFile(path, bytes.subarray(0, length)), name)), name);
    const garbled = Buffer.from(bytes).fill(0xff, 5, 15);
    await refuse(command(await damaged((path) => writeFile(path, garbled), name)), name);
  });

  test.each([
    ["model_type", "llama"],
    ["arch", "qrnn"],
    ["arch", "toString"],
    ["arch", undefined],
    ["hidden", 7],
    ["hidden", 1e9],
    ["embed", "4"],
    ["layers", 2],
    ["vocab", 5],
    ["dropout", "much"],
    ["tieWeights", "no"],
    ["tieWeights", true],
  ])("a config whose %s is %s", async (key, value) => {
    const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
    const text = JSON.stringify({ ...config, [key]: value });
    await refuse(
      command(await damaged((path) => writeFile(path, text), "config.json")),
      key === "tieWeights" && value === true ? "embed" : key,
    );
  });

  test("a model of weights that are not finite", async () => {
    const bytes = await readFile(join(folder, "model.safetensors"));
    const copy = await damaged((path) => writeFile(path, Buffer.from(bytes).fill(0xff, bytes.length - 100)), "model.safetensors");
    await refuse(command(copy), "not finite");
  });

  test("a vocabulary of another model", async () => {
    const vocabulary = JSON.stringify(Object.fromEntries([..."abc"].map((character, id) => [character, id])));
    await refuse(command(await damaged((path) => writeFile(path, vocabulary), "vocab.json")), "vocab.json");
  });
});
