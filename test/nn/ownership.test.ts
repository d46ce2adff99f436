import { describe, expect, it } from "vitest";
import * as sg from "../../src/index.js";
import { wasmDevice } from "../helpers/devices.js";
import { expectError, expectRejection } from "../helpers/errors.js";

await sg.init({ device: "wasm" });

const use = () => {
  const { bytes, tensors } = sg.memory();
  return { bytes, tensors };
};

describe("a constructor that throws leaves nothing:", () => {
  const sizes = { vocab: 50, context: 8, hidden: 16, heads: 2, layers: 1 };
  const failures: Record<string, () => unknown> = {
    "a language model's second layer": () => new sg.models.RecurrentLM({ vocab: 50, arch: "lstm", embed: 16, hidden: 0 }),
    "a Transformer's heads": () => new sg.models.TransformerLM({ ...sizes, heads: 3 }),
    "a masked model's segments": () => new sg.models.MaskedLM({ ...sizes, segments: 0 }),
    "a classifier's classes": () => new sg.models.SequenceClassifier({ vocab: 9, classes: 0, hidden: 4 }),
    "a captioner's subclass": () => new sg.models.Captioner({ features: 4, targetVocab: 9, hidden: 4, places: 0 }),
    "a decoder's vocabulary": () => new sg.models.RecurrentSeq2Seq({ sourceVocab: 9, targetVocab: 0, hidden: 4 }),
    "a Transformer's later stack": () => new sg.nn.Transformer(8, 2, { numEncoderLayers: 1, numDecoderLayers: -1, dimFeedforward: 8 }),
    "vectors that are not numbers": () => sg.nn.Embedding.fromVectors({ dimension: 1, data: ["a"] as never }),
    "a parameter whose initializer throws": () =>
      sg.parameter([100], () => {
        throw new sg.SeqgradError("value", "no");
      }),
  };
  for (const [what, make] of Object.entries(failures)) {
    it(what, () => {
      const before = use();
      for (let i = 0; i < 3; i++) expect(make).toThrow(sg.SeqgradError);
      expect(use()).toEqual(before);
    });
  }

  it("one that runs out of memory", async () => {
    const device = await wasmDevice("simd", 1 << 20);
    const makers: (() => sg.nn.Module)[] = [
      () => new sg.nn.LSTM(64, 128, { numLayers: 8 }),
      () => new sg.nn.Linear(1, 250_000),
      () => new sg.nn.TransformerEncoder(64, 2, { numLayers: 40, dimFeedforward: 64 }),
      () => new sg.nn.BatchNorm(60_000),
    ];
    for (const make of makers) {
      expectError("memory", () => sg.withDevice(device, make), "out of memory");
      expect(sg.memory(device).tensors).toBe(0);
    }
  });

  it("one of one's own, by abandon(); what was there before it stays", () => {
    class Pair extends sg.nn.Module {
      readonly first: sg.nn.Linear;
      readonly second: sg.nn.Linear;
      constructor(size: number) {
        super();
        try {
          this.first = new sg.nn.Linear(size, 3);
          this.second = new sg.nn.Linear(3, size - 1);
        } catch (error) {
          throw this.abandon(error);
        }
      }
    }
    const good = new Pair(2);
    const before = use();
    expectError("range", () => new Pair(1), "outFeatures is 0");
    expect(use()).toEqual(before);
    expect(good.second.weight.dataSync().length).toBe(3);
  });
});

describe("a folder whose config asks for another model than its weights", () => {
  const examples = [
    { text: "good", label: "1" },
    { text: "bad", label: "0" },
  ];
  const saved = async (change: object) => {
    const store = sg.io.memoryStore();
    const task = sg.tasks.TextClassifier.create(examples, { minCount: 1, hidden: 16, embed: 16 });
    await task.save(store);
    task.model.dispose();
    const config = JSON.parse(new TextDecoder().decode(await store.read("config.json")));
    await store.write("config.json", new TextEncoder().encode(JSON.stringify({ ...config, ...change })));
    return store;
  };
  const changes = [
    { hidden: 17 },
    { hidden: 3000, layers: 3 },
    { layers: 1e6 },
    { layers: 1e9 },
    { embed: 1e8 },
    { hidden: 1e7, arch: "transformer", heads: 1 },
  ];
  for (const change of changes) {
    it(`is refused, and nothing stays: ${JSON.stringify(change)}`, async () => {
      const store = await saved(change);
      const before = use();
      const { peak } = sg.memory();
      await expectRejection("format", sg.tasks.load(store));
      expect(use()).toEqual(before);
      expect(sg.memory().peak).toBeLessThan(peak + 4 * 2 ** 20);
    });
  }
});
