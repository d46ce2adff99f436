import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { generate } from "../../src/decode/generate.js";
import type { StepModel } from "../../src/decode/index.js";
import { tasks } from "../../src/index.js";
import { fileStore } from "../../src/io/file-store.js";
import { cliStoppedAfter, contents, corpus, jsonLines, refuse, succeed, workplace } from "../helpers/cli.js";
import { initAnew } from "../helpers/default-device.js";
import { temporaryFolder } from "../helpers/temporary-folder.js";

const small = ["--arch", "transformer", "--layers", 2, "--heads", 2, "--hidden", 8];
const llama = ["--positions", "rotary", "--norm", "rms", "--activation", "swiglu", "--kv-heads", 1];
const nano = ["--schedule", "cosine", "--warmup", 2, "--min-lr", 1e-4, "--weight-decay", 0.1, "--betas", "0.9,0.99"];

/** A place to train a small Transformer in windows of 8. */
async function place() {
  const { folder, data, out } = await workplace();
  return { folder, data, out, train: ["train", "lm", "--data", data, "--out", out, ...small, "--context", 8, "--batch", 3] };
}

const weights = async (out: string) => (await contents(out))!["model.safetensors"];

describe("train lm --arch transformer", () => {
  test("prints the events of any run, and leaves the files of any", async () => {
    const { train, out } = await place();
    const lines = jsonLines(await succeed(...train, "--steps", 5, "--evaluate-every", 3, "--json"));
    expect(lines.map(({ type, step }) => `${type} ${step}`)).toEqual([
      ...["step 1", "step 2", "step 3", "evaluation 3", "step 4", "step 5", "evaluation 5"],
      "end undefined",
    ]);
    const V = new Set(corpus).size;
    const layer = 4 * 8 * 9 + (32 * 9 + 8 * 33) + 2 * 16;
    expect(lines.at(-1).parameters).toBe(V * 8 + 8 * 8 + 2 * layer + 16);
    const files = (await contents(out))!;
    expect(JSON.parse(files["config.json"]!)).toEqual({
      ...{ model_type: "seqgrad-transformer-lm", architectures: ["TransformerLM"], vocab: V, context: 8 },
      ...{ layers: 2, heads: 2, kvHeads: 2, hidden: 8, feedForward: 32, tieWeights: true, bias: true },
      ...{ dropout: 0, attentionDropout: 0, embeddingDropout: 0 },
      ...{ norm: "layer", positions: "learned", activation: "gelu", eps: 1e-5, rotaryBase: 10000 },
    });
    const saved = JSON.parse(files["training_args.json"]!);
    expect(saved).toMatchObject({ arch: "transformer", heads: 2, kvHeads: 2, lr: 1e-3 });
    for (const name of ["cell", "embed"]) expect(saved).not.toHaveProperty(name);
  });

  test("says what it trains", async () => {
    const { train } = await place();
    expect(await succeed(...train, ...llama, "--steps", 1)).toMatch(/^transformer with 2 x 2 heads, 8 wide, \d+ parameters, on /);
  });

  test("learns", async () => {
    const { data, out } = await workplace("abcabcabd".repeat(60));
    const train = ["train", "lm", "--data", data, "--out", out, ...small, ...nano, "--context", 24];
    expect(jsonLines(await succeed(...train, "--steps", 300, "--lr", 0.01, "--json")).at(-1).measures.loss).toBeLessThan(0.5);
    expect(await succeed("generate", "--model", out, "--prompt", "abcabcabd", "--max-tokens", 9, "--temperature", 0)).toBe(
      "abcabcabdabcabcabd\n",
    );
  });

  test.each([[], llama])("on the reference device gets what wasm gets %#", async (...options) => {
    const loss = async (device: string) => {
      const { train } = await place();
      return jsonLines(await succeed(...train, ...options, "--steps", 3, "--device", device, "--json")).at(-1).measures.loss;
    };
    expect(await loss("reference")).toBeCloseTo(await loss("wasm"), 4);
  });

  test.each([nano, llama])("stopped and resumed, ends in the bits of an uninterrupted run %#", async (...options) => {
    const { folder, train, data } = await place();
    const [whole, broken] = [join(folder, "whole"), join(folder, "broken")];
    const all = [...train, ...options, "--dropout", 0.1, "--steps", 8, "--json"];
    await succeed(...all, "--out", whole);
    expect((await cliStoppedAfter(3, ...all, "--out", broken)).status).toBe(130);
    const resume = ["train", "lm", "--data", data, "--out", broken, "--resume", "--json"];
    await refuse([...resume, "--embed", 5], "--embed is for --arch rnn, gru and lstm", "leave it out");
    await refuse([...resume, "--hidden", 5], "--hidden is 5", "leave the option out");
    await refuse([...resume, "--heads", 4], "--heads is 4", "leave the option out");
    await refuse([...resume, "--arch", "lstm"], "--arch is lstm", "leave the option out");
    await succeed(...resume);
    expect(await weights(broken)).toBe(await weights(whole));
  });

  test.each<[string, ...(string | number)[]]>([
    ["--embed is for --arch rnn, gru and lstm, and the model is transformer, which has --heads --kv-heads", "--embed", 64],
    ["3 heads cannot share an embedding of 8", "--heads", 3],
    ["2 heads cannot share 3 keyValueHeads", "--kv-heads", 3],
    ["heads of 1 elements cannot turn", "--heads", 8, "--positions", "rotary"],
    ["memory", "--hidden", 2 ** 20],
  ])("refuses: %s", async (part, ...options) => {
    const { train, out } = await place();
    await refuse([...train, ...options], part);
    expect(await contents(out)).toBeUndefined();
  });
});

describe("a saved Transformer", () => {
  let folder: string;
  beforeAll(async () => {
    const { train, out } = await place();
    await succeed(...train, ...nano, "--steps", 40, "--lr", 0.01);
    folder = out;
  });
  const write = (...options: (string | number)[]) => succeed("generate", "--model", folder, "--prompt", "The ", ...options);

  test("writes past its context, by the same seed the same", async () => {
    const text = await write("--max-tokens", 60, "--seed", 1);
    expect(text).toHaveLength(4 + 60 + 1);
    expect(await write("--max-tokens", 60, "--seed", 1)).toBe(text);
    expect(await write("--max-tokens", 60, "--seed", 2)).not.toBe(text);
  });

  test("writes what generate() of the library does", async () => {
    await initAnew();
    const { model, tokenizer } = (await tasks.load(fileStore(folder))) as tasks.LanguageModel;
    let text = "The ";
    const options = { maxTokens: 20, temperature: 0, repetitionPenalty: 1.3 };
    for await (const token of generate(model as StepModel<unknown>, tokenizer.encode(text), options)) text += tokenizer.decode([token]);
    expect(await write("--max-tokens", 20, "--temperature", 0, "--repetition-penalty", 1.3)).toBe(`${text}\n`);
    model.dispose();
  });

  test("of an older version, whose config has one dropout alone, is the same model", async () => {
    const copy = join(await temporaryFolder(), "model");
    await cp(folder, copy, { recursive: true });
    const { attentionDropout, embeddingDropout, ...older } = JSON.parse(await readFile(join(copy, "config.json"), "utf8"));
    await writeFile(join(copy, "config.json"), JSON.stringify({ ...older, dropout: 0.2 }));
    await initAnew();
    const { model } = (await tasks.load(fileStore(copy))) as tasks.LanguageModel;
    expect([attentionDropout, embeddingDropout]).toEqual([0, 0]);
    expect(model.config).toMatchObject({ dropout: 0.2, attentionDropout: 0.2, embeddingDropout: 0.2 });
    expect(await succeed("generate", "--model", copy, "--prompt", "The ", "--max-tokens", 20, "--seed", 1)).toBe(
      await write("--max-tokens", 20, "--seed", 1),
    );
    model.dispose();
  });

  test("searches with beams within its context, and refuses what goes past", async () => {
    const search = async (beams: number) => jsonLines(await write("--max-tokens", 5, "--beam", beams, "--json"))[0];
    const [one, four] = [await search(1), await search(4)];
    expect(four.text).toHaveLength(5);
    expect(four.logProbability).toBeGreaterThanOrEqual(one.logProbability - 1e-6);
    await refuse(
      ["generate", "--model", folder, "--prompt", "The ", "--beam", 2, "--max-tokens", 6],
      "do not fit the model's context of 8",
    );
  });

  test("is benched, as is one that options describe, in windows of its context at most", async () => {
    const bench = ["bench", "--device", "wasm", "--time", 0.02, "--batches", 2];
    expect(await succeed(...bench, "--model", folder, "--context", 8)).toContain("transformer with 2 x 2 heads, 8 wide");
    expect(await succeed(...bench, ...small, ...llama, "--context", 20)).toContain("windows of 20 characters");
    await refuse([...bench, "--model", folder, "--context", 9], "--context 9", "context of 8");
    await refuse([...bench, ...small, "--arch", "gru"], "--heads is for --arch transformer");
  });

  test.each([
    ["model_type", "gpt2"],
    ["hidden", 16],
    ["feedForward", "32"],
    ["layers", 3],
    ["context", 9],
    ["heads", 0],
    ["kvHeads", null],
    ["norm", "batch"],
    ["positions", "toString"],
    ["activation", 1],
    ["bias", "no"],
    ["tieWeights", 1],
    ["eps", "1e-5"],
    ["rotaryBase", 0],
    ["dropout", -1],
    ["attentionDropout", 2],
    ["embeddingDropout", null],
    ["vocab", 1e9],
  ])("with a config whose %s is %s is refused", async (key, value) => {
    const copy = join(await temporaryFolder(), "model");
    await cp(folder, copy, { recursive: true });
    const config = JSON.parse(await readFile(join(copy, "config.json"), "utf8"));
    await writeFile(join(copy, "config.json"), JSON.stringify({ ...config, [key]: value }));
    await refuse(["generate", "--model", copy, "--prompt", "The "], "config.json", key);
  });
});
