import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fileStore } from "../../src/io/file-store.js";
import { loadModel } from "../../src/io/index.js";
import { CharTokenizer } from "../../src/text/index.js";
import { cli, contents, corpus, jsonLines, succeed, workplace } from "../helpers/cli.js";

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

/** The mean of -log p over a text cut into windows, each from a zero state: an LSTM of one layer in float64, element by element. */
async function naiveLoss(folder: string, text: string, window: number): Promise<number> {
  const { tensors, vocabulary, config } = await loadModel(fileStore(folder));
  const tokens = CharTokenizer.fromJSON(vocabulary!).encode(text);
  const H = config.hidden as number;
  const V = config.vocab as number;
  const w = (name: string) => tensors.get(name)!;
  const row = (name: string, i: number) => {
    const { data, shape } = w(name);
    return [...data.subarray(i * shape[1]!, (i + 1) * shape[1]!)];
  };
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  let total = 0;
  for (let start = 0; start < tokens.length - 1; start += window) {
    let h: number[] = new Array(H).fill(0);
    let c: number[] = new Array(H).fill(0);
    for (let t = start; t < Math.min(start + window, tokens.length - 1); t++) {
      const x = row("embedding.weight", tokens[t]!);
      const gate = (i: number) =>
        dot(row("rnn.weight_ih_l0", i), x) +
        w("rnn.bias_ih_l0").data[i]! +
        dot(row("rnn.weight_hh_l0", i), h) +
        w("rnn.bias_hh_l0").data[i]!;
      const next = c.map((was, k) => sigmoid(gate(H + k)) * was + sigmoid(gate(k)) * Math.tanh(gate(2 * H + k)));
      h = next.map((value, k) => sigmoid(gate(3 * H + k)) * Math.tanh(value));
      c = next;
      const scores = Array.from({ length: V }, (_, i) => dot(row("linear.weight", i), h) + w("linear.bias").data[i]!);
      total += Math.log(scores.reduce((sum, z) => sum + Math.exp(z), 0)) - scores[tokens[t + 1]!]!;
    }
  }
  return total / (tokens.length - 1);
}

describe("train lm --json", () => {
  test("prints the events, one a line, and nothing else", async () => {
    const { train } = await workplace();
    const lines = jsonLines(await succeed(...train, "--steps", 7, "--evaluate-every", 3, "--checkpoint-every", 2, "--json"));
    expect(lines.map(({ type, step }) => `${type} ${step}`)).toEqual([
      ...["step 1", "step 2", "step 3", "evaluation 3", "step 4", "step 5", "step 6", "evaluation 6", "step 7", "evaluation 7"],
      "end undefined",
    ]);
    const keys: Record<string, string[]> = {
      step: ["type", "step", "loss", "tokensPerSecond"],
      evaluation: ["type", "step", "best", "measures"],
      end: ["type", "steps", "reason", "measures", "seconds", "parameters"],
    };
    for (const line of lines) {
      expect(Object.keys(line)).toEqual(keys[line.type]);
      const { type, best, reason, measures = {}, ...numbers } = line;
      for (const [key, value] of Object.entries({ ...numbers, ...measures })) expect(value, `${type} ${key}`).toBeGreaterThan(0);
      if (type === "evaluation") expect(best).toBeTypeOf("boolean");
      if (type === "end") expect(reason).toBe("complete");
    }
    expect(Object.keys(lines.at(-1).measures)).toEqual(["loss", "perplexity", "bitsPerCharacter"]);
    const end = lines.at(-1);
    const V = new Set(corpus).size;
    const [D, H] = [4, 6];
    expect(end).toMatchObject({ steps: 7, measures: lines.at(-2).measures, parameters: V * D + 4 * H * (D + H + 2) + V * (H + 1) });
  });

  test("without validation there are no measures", async () => {
    const { train } = await workplace();
    const lines = jsonLines(await succeed(...train, "--steps", 2, "--validation", 0, "--json"));
    expect(lines.map(({ type }) => type)).toEqual(["step", "step", "end"]);
    expect(lines.at(-1).measures).toBeNull();
  });

  test.each([
    [0.1, 8, 3],
    [0.33, 7, 4],
    [0.5, 1000, 2],
  ])("the loss is the mean over all of the last %f of the text, in windows of --context", async (share, seq, batch) => {
    const { train, out } = await workplace();
    const window = Math.min(seq, 500);
    const stdout = await succeed(...train, "--steps", 3, "--validation", share, "--context", window, "--batch", batch, "--json");
    const expected = await naiveLoss(out, corpus.slice(corpus.length - Math.round(corpus.length * share)), window);
    expect(jsonLines(stdout).at(-1).measures.loss).toBeCloseTo(expected, 5);
  });
});

describe("train lm", () => {
  test("prints milestones and the end on stdout, and no bar where there is no terminal", async () => {
    const { train } = await workplace();
    const stdout = await succeed(...train, "--steps", 20, "--evaluate-every", 10);
    expect(stdout.split("\n")[0]).toMatch(/^lstm with 1 x 6 units, \d+ parameters, on /);
    expect(stdout).toMatch(/\nstep 2 {2}loss \d\.\d{4} {2}[\d.]+k? tokens\/s\n/);
    expect(stdout).toMatch(/\nstep 10 {2}validation loss \d\.\d{4}\n/);
    expect(stdout).toMatch(/\n20 steps in 0:\d\d, validation loss \d\.\d{4} nats per character\n$/);
    for (const control of ["\r", "\x1b"]) expect(stdout).not.toContain(control);
  });

  test("learns: the loss falls", async () => {
    const { train } = await workplace("abcabcabd".repeat(60));
    const lines = jsonLines(await succeed(...train, "--steps", 150, "--lr", 0.02, "--json"));
    expect(lines[0].loss).toBeGreaterThan(1);
    expect(lines.at(-1).measures.loss).toBeLessThan(0.5);
  });

  test("leaves the model, its vocabulary, the options and the checkpoint", async () => {
    const { train, out } = await workplace();
    await succeed(...train, "--steps", 1, "--arch", "gru", "--layers", 2, "--dropout", 0.1, "--seed", 7);
    const files = (await contents(out))!;
    expect(Object.keys(files).sort()).toEqual([
      "config.json",
      "history.jsonl",
      "model.safetensors",
      "training_args.json",
      "training_state.safetensors",
      "vocab.json",
    ]);
    const vocab = new Set(corpus).size;
    expect(JSON.parse(files["config.json"]!)).toEqual({
      ...{ model_type: "seqgrad-recurrent-lm", architectures: ["RecurrentLM"], vocab },
      ...{ arch: "gru", embed: 4, hidden: 6, layers: 2, dropout: 0.1, tieWeights: false, context: 8 },
    });
    expect(JSON.parse(files["training_args.json"]!)).toMatchObject({ arch: "gru", seed: 7, steps: 1, evaluateEvery: 500 });
  });

  test("the same seed gives the same model, another another", async () => {
    const weights = async (seed: number) => {
      const { train, out } = await workplace();
      await succeed(...train, "--steps", 4, "--seed", seed, "--dropout", 0.2);
      return (await contents(out))!["model.safetensors"];
    };
    const first = await weights(1);
    expect(await weights(1)).toBe(first);
    expect(await weights(2)).not.toBe(first);
  });

  test.each(["rnn", "gru", "lstm"])("trains a %s on the reference device, and gets what wasm gets", async (cell) => {
    const loss = async (device: string) => {
      const { train } = await workplace();
      return jsonLines(await succeed(...train, "--arch", cell, "--steps", 3, "--device", device, "--json")).at(-1).measures.loss;
    };
    expect(await loss("reference")).toBeCloseTo(await loss("wasm"), 4);
  });

  test("reads what others write: CRLF, emoji, a byte order mark", async () => {
    const text = "\ufeffThe sea 🌊 is\r\nwide 🌊🐟\r\n".repeat(40);
    const { train, out } = await workplace(text);
    await succeed(...train, "--steps", 2);
    const vocabulary = JSON.parse(Buffer.from((await contents(out))!["vocab.json"]!, "latin1").toString());
    // The mark at the start is not of the text; a U+FEFF within is a character.
    expect(Object.keys(vocabulary).sort()).toEqual([...new Set(text.slice(1))].sort());
    const written = await succeed("generate", "--model", out, "--prompt", "sea 🌊\r\n", "--max-tokens", 30, "--seed", 1, "--json");
    expect([...jsonLines(written)[0].text]).toHaveLength(30);
  });

  test("learns a text of one repeated character at once", async () => {
    const { train, out } = await workplace("z".repeat(100));
    expect(jsonLines(await succeed(...train, "--steps", 2, "--json")).at(-1).measures.loss).toBe(0);
    expect(await succeed("generate", "--model", out, "--prompt", "z", "--max-tokens", 5)).toBe("zzzzzz\n");
  });
});

describe("a loss that is not finite", () => {
  test("ends the run with the step, and leaves the last checkpoint, which resumes", async () => {
    const { train, out, data } = await workplace();
    // The updates leave weights of 1e37 and more, of which a sum becomes infinite after some steps.
    const { status, stderr, stdout } = await cli(...train, "--lr", 2e37, "--checkpoint-every", 1, "--json");
    expect(status).toBe(1);
    const step = Number(/^seqgrad: fit: step (\d+): [^\n]+\n$/.exec(stderr)?.[1]);
    expect(step).toBeGreaterThan(1);
    expect(stderr).toContain(`the checkpoint of step ${step - 1} is kept`);
    const done = Array.from({ length: step - 1 }, (_, i) => `step ${i + 1}`);
    expect(jsonLines(stdout).map(({ type, step }) => `${type} ${step}`)).toEqual(done);
    const before = await contents(out);
    // It continues after that step, and fails as before.
    expect(await cli("train", "lm", "--data", data, "--out", out, "--resume", "--json")).toEqual({ status: 1, stdout: "", stderr });
    expect(await contents(out)).toEqual(before);
  });

  test("ends the run before weights that are not finite are saved, and names the parameter", async () => {
    const { train, out } = await workplace();
    const { status, stderr } = await cli(...train, "--lr", 1e38, "--checkpoint-every", 1, "--json");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^seqgrad: fit: [^\n]*embedding\.weight[^\n]*(NaN|Infinity)[^\n]*\n$/);
    expect(Object.keys((await contents(out))!)).not.toContain("model.safetensors");
    expect(Object.keys((await contents(out))!)).not.toContain("training_state.safetensors");
  });
});

test("a model from elsewhere is not overwritten unasked", async () => {
  const { train, out } = await workplace();
  await succeed(...train, "--steps", 1);
  await writeFile(join(out, "notes.txt"), "mine");
  const { status, stderr } = await cli(...train, "--steps", 1);
  expect(status).toBe(1);
  expect(stderr).toContain("--overwrite");
  await succeed(...train, "--steps", 1, "--hidden", 5, "--overwrite");
  const files = (await contents(out))!;
  expect(JSON.parse(files["config.json"]!).hidden).toBe(5);
  expect(files["notes.txt"]).toBe("mine");
});
