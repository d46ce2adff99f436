import { describe, expect, test } from "vitest";
import { padFrames, padRows } from "../../src/data/index.js";
import { generate } from "../../src/decode/generate.js";
import { beamSearch } from "../../src/decode/index.js";
import { attentionKinds, Captioner, type CaptionerConfig } from "../../src/models/index.js";
import { crossEntropy } from "../../src/ops/index.js";
import { tensor } from "../../src/tensor/create.js";
import { type Device, init } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { fixtureDevices, forEachDevice, on } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";
import { expectClose } from "../helpers/numbers.js";

await init({ device: "wasm" });

const [V, sos, eos] = [7, 1, 2];
const grids = [
  [
    [0.1, -1],
    [0.7, 0.4],
    [-0.3, 0.9],
  ],
  [[0.5, -0.5]],
];
const captions = [
  [sos, 4, eos],
  [sos, 5, 6, 3, eos],
];

function make(config: Partial<CaptionerConfig> = {}): Captioner {
  manualSeed(4);
  return new Captioner({ features: 2, places: 3, targetVocab: V, embed: 4, hidden: 5, ...config }).eval();
}

const variants: Partial<CaptionerConfig>[] = [
  ...attentionKinds.map((attention) => ({ attention, arch: "gru" }) as const),
  { inject: "input" },
  { inject: "input", attention: "none", layers: 2 },
  { layers: 2, window: 1 },
];

await forEachDevice(fixtureDevices, "a captioner", (device: Device) => {
  for (const config of variants)
    on(device)(`${JSON.stringify(config)}: padding changes nothing`, async () => {
      const model = make(config);
      const together = model.forward({ source: padFrames(grids), target: padRows(captions) });
      const alone = grids.map((grid, b) => model.forward({ source: padFrames([grid]), target: padRows([captions[b]!]) }));
      const data = await together.data();
      for (const [b, row] of alone.entries()) {
        const start = b * (captions[1]!.length - 1) * V;
        expectClose(data.slice(start, start + row.size), await row.data(), 1e-6);
      }
    });
});

describe("a captioner", () => {
  test("looks at places with weights that add up to 1, none on padding", async () => {
    const model = make();
    const target = padRows(captions);
    const { weights } = model.decode(tensor(target.data, target.shape), model.encode(padFrames(grids)));
    expect(weights!.shape).toEqual([2, 5, 3]);
    const data = await weights!.data();
    for (let i = 0; i < 10; i++) {
      const row = Array.from(data.slice(3 * i, 3 * i + 3));
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
      if (i >= 5) expect(row).toEqual([1, 0, 0]);
    }
  });

  test("every parameter learns; the loss is the cross-entropy of what follows", async () => {
    const model = make({ layers: 2 });
    const batch = { source: padFrames(grids), target: padRows(captions) };
    const { loss } = model.loss(batch);
    const next = tensor([4, eos, -100, -100, 5, 6, 3, eos], [2, 4], { dtype: "int32" });
    const byHand = crossEntropy(model.forward(batch), next);
    loss.backward();
    const gradients = Array.from(model.namedParameters(), ([name, p]) => [name, p.grad!.data()] as const);
    expect(await loss.item()).toBeCloseTo(await byHand.item(), 5);
    for (const [name, gradient] of gradients) expect(Math.max(...Array.from(await gradient, Math.abs)), name).toBeGreaterThan(0);
  });

  test("step by step, by greedy rows and by beams it writes the same", async () => {
    const model = make({ inject: "input" });
    const [about, again] = [model.decoder(grids[0]!), model.decoder(grids[0]!)];
    const rows = model.greedy(padFrames(grids), { sos, eos, maxTokens: 6 });
    const single = model.greedy(padFrames([grids[1]!]), { sos, eos, maxTokens: 6 });
    const tokens: number[] = [];
    for await (const token of generate(about, [sos], { maxTokens: 6, temperature: 0, stop: [eos] })) if (token !== eos) tokens.push(token);
    const [best] = await beamSearch(again, [sos], { beam: 1, maxTokens: 6, stop: [eos] });
    const [first, second] = await rows;
    expect(tokens).toEqual(first);
    expect(best!.tokens.filter((token) => token !== eos)).toEqual(first);
    expect((await single)[0]).toEqual(second);
    about.dispose();
    again.dispose();
  });

  test("refuses what it was not made for", () => {
    expectError("value", () => make({ arch: "transformer" as "gru" }), 'Captioner: there is no arch "transformer"', 'use "rnn", "gru"');
    expectError("value", () => make({ attention: "local" as "dot" }), '"local"');
    expectError("value", () => make({ inject: "end" as "input" }), '"end"', 'use "state", "input"');
    expectError("range", () => make({ features: 0 }), "features");
    const model = make();
    expectError("range", () => make({ places: 0 }), "places");
    expectError("shape", () => model.encode(padFrames([new Array(4).fill([1, 2])])), "4 places", "made for 3");
    expectError("shape", () => model.encode(padFrames([[[1, 2, 3]]])), "Captioner: the vectors have 3 numbers", "expected 2");
    expectError("shape", () => model.forward({ source: padFrames(grids), target: padRows([[1, 2]]) }), "2 sources", "[1, 2]");
  });
});
