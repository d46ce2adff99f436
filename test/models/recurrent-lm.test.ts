import { beforeAll, describe, expect, test } from "vitest";
import { generate, init, manualSeed, memory, models, type nn, optim, scope, type Tensor, tensor } from "../../src/index.js";
import type { RecurrentLMConfig } from "../../src/models/index.js";
import { asDefault, forEachDevice, immediate } from "../helpers/devices.js";
import { expectError, expectRejection } from "../helpers/errors.js";
import { expectClose } from "../helpers/numbers.js";

const V = 7;
const cells = ["rnn", "gru", "lstm"] as const;

function make(config: Partial<RecurrentLMConfig> = {}): models.RecurrentLM {
  manualSeed(3);
  return new models.RecurrentLM({ vocab: V, arch: "lstm", embed: 4, hidden: 6, ...config }).eval();
}

const tokens = (rows: readonly (readonly number[])[]): Tensor => tensor(Int32Array.from(rows.flat()), [rows.length, rows[0]!.length]);
const text = [2, 0, 6, 6, 1, 3, 5];
const shapesOf = (state: nn.RecurrentState) => Object.fromEntries(Object.entries(state).map(([name, x]) => [name, x?.shape]));

await forEachDevice(immediate, "RecurrentLM", (device) => {
  asDefault(device);

  test.each(cells)("a %s has logits [B, T, V] and a state of its layers", (arch) => {
    const model = make({ arch, layers: 2 });
    scope(() => {
      const { logits, state } = model.forward(tokens([text, text]));
      expect(logits.shape).toEqual([2, text.length, V]);
      expect(shapesOf(state)).toEqual(arch === "lstm" ? { h: [2, 2, 6], c: [2, 2, 6] } : { h: [2, 2, 6] });
    });
    const names = [...model.namedParameters()].map(([name]) => name);
    expect(names[0]).toBe("embedding.weight");
    expect(names).toContain("rnn.weight_hh_l1");
    expect(names.slice(-2)).toEqual(["linear.weight", "linear.bias"]);
    model.dispose();
  });

  test("its loss is the mean of -log p of the next tokens", async () => {
    const model = make();
    const [x, y] = [Int32Array.from(text), Int32Array.from(text, (n) => (n + 2) % V)];
    const values = scope(() => ({ loss: model.loss({ x, y, shape: [1, x.length] }).loss, logits: model.forward(tokens([text])).logits }));
    const logits = await values.logits.data();
    let sum = 0;
    for (let t = 0; t < x.length; t++) {
      const row = [...logits.subarray(t * V, (t + 1) * V)];
      sum += Math.log(row.reduce((total, z) => total + Math.exp(z), 0)) - row[y[t]!]!;
    }
    expectClose([await values.loss.item()], [sum / x.length], 1e-6);
    for (const x of Object.values(values)) x.dispose();
    model.dispose();
  });

  test.each(cells)("step() of a %s gives token by token what forward() gives at once", async (arch) => {
    const model = make({ arch, layers: 2 });
    const whole = scope(() => model.forward(tokens([text])).logits);
    const expected = await whole.data();
    whole.dispose();
    let state: nn.RecurrentState | undefined;
    for (let t = 0; t < text.length; t++) {
      const next = await model.step([text[t]!], state);
      if (state) model.release(state);
      state = next.state;
      expectClose(next.logits, expected.subarray(t * V, (t + 1) * V), 1e-6, `token ${t}`);
    }
    model.release(state!);
    const { logits, state: last } = await model.step(text);
    model.release(last);
    expectClose(logits, expected.subarray(-V), 1e-6);
    model.dispose();
  });

  test("the state continues where it ended", () => {
    const model = make();
    scope(() => {
      const whole = model.forward(tokens([text]));
      const { state } = model.forward(tokens([text.slice(0, 3)]));
      const rest = model.forward(tokens([text.slice(3)]), { state });
      expectClose(rest.logits.dataSync(), whole.logits.dataSync().subarray(3 * V), 1e-6);
      expectClose(rest.state.c!.dataSync(), whole.state.c!.dataSync(), 1e-6);
    });
    model.dispose();
  });

  test("generate() leaves memory as it was, also when left early or when it fails", async () => {
    const model = make({ layers: 2 });
    const write = async (prompt: readonly number[], enough = 100) => {
      const written: number[] = [];
      for await (const token of generate(model, prompt, { maxTokens: 20, seed: 4 })) if (written.push(token) === enough) break;
      return written;
    };
    const before = memory().tensors;
    const all = await write([1, 2]);
    expect(all).toHaveLength(20);
    expect(memory().tensors).toBe(before);
    expect(await write([1, 2], 3)).toEqual(all.slice(0, 3));
    expect(memory().tensors).toBe(before);
    await expectRejection("range", write([1, V]), "embedding");
    expect(memory().tensors).toBe(before);
    model.dispose();
  });

  test("disposed of, it leaves nothing", () => {
    const before = memory().tensors;
    make({ layers: 2, dropout: 0.5 }).dispose();
    make({ embed: 6, tieWeights: true }).dispose();
    expect(memory().tensors).toBe(before);
  });

  test("tied weights are one table, trained from both ends", async () => {
    const model = make({ embed: 6, tieWeights: true });
    expect(model.linear.weight).toBe(model.embedding.weight);
    expect([...model.namedParameters()].map(([name]) => name)).not.toContain("linear.weight");
    const state = await model.stateDict();
    expect(state.get("linear.weight")).toEqual(state.get("embedding.weight"));
    const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
    const [x, y] = [Int32Array.of(1), Int32Array.of(2)];
    optimizer.step(() => model.loss({ x, y, shape: [1, 1] }).loss);
    const after = (await model.stateDict()).get("embedding.weight")!.data;
    const was = state.get("embedding.weight")!.data;
    // Row 1 changes as an input, and every row as an output.
    for (let row = 0; row < V; row++)
      expect([...after.subarray(row * 6, row * 6 + 6)], `row ${row}`).not.toEqual([...was.subarray(row * 6, row * 6 + 6)]);
    optimizer.dispose();
    model.dispose();
  });

  test("weights are tied by default where the sizes allow it", () => {
    for (const [embed, tied] of [
      [6, true],
      [4, false],
    ] as const) {
      const model = make({ embed });
      expect([model.config.tieWeights, model.linear.weight === model.embedding.weight]).toEqual([tied, tied]);
      model.dispose();
    }
  });

  test("dropout is active while training, and only then", async () => {
    const model = make({ layers: 2, dropout: 0.5 });
    const once = () => scope(() => [...model.forward(tokens([text])).logits.dataSync()]);
    expect(once()).toEqual(once());
    model.train();
    expect(once()).not.toEqual(once());
    model.dispose();
  });

  test("a token outside the vocabulary is named", async () => {
    const model = make();
    for (const bad of [V, -1]) {
      expectError("range", () => scope(() => model.forward(tokens([[0, bad]]))), String(bad));
      await expectRejection("range", model.step([bad]), String(bad));
    }
    model.dispose();
  });
});

describe("RecurrentLM refuses", () => {
  beforeAll(async () => {
    await init();
  });

  test.each([
    [{ arch: "qrnn" as never }, "value", '"qrnn"'],
    [{ arch: "toString" as never }, "value", '"toString"'],
    [{ tieWeights: true }, "value", "embed (4)"],
    [{ layers: 0 }, "range", "layers is 0"],
    [{ hidden: 1.5 }, "range", "1.5"],
    [{ embed: -1 }, "range", "-1"],
    [{ vocab: 0 }, "range", "vocab is 0"],
    [{ dropout: 2 }, "range", "2"],
  ] as const)("%o", (config, code, part) => expectError(code, () => make(config), part));
});
