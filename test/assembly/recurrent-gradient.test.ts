import { describe, it } from "vitest";
import type { Backend } from "../../src/backend/backend.js";
import { recurrentCells } from "../../src/backend/kernels.js";
import { forEachDevice, variants } from "../helpers/devices.js";
import { gruReference, gruReferenceBackward } from "../helpers/gru-reference.js";
import { assembled, expectSameBits, runKernel } from "../helpers/kernel.js";
import { lstmReference, lstmReferenceBackward } from "../helpers/lstm-reference.js";
import { expectClose } from "../helpers/numbers.js";
import type { Numbers } from "../helpers/recurrent-reference.js";
import { rnnReference, rnnReferenceBackward, type SequenceInput } from "../helpers/rnn-reference.js";
import { caseName, type SequenceOptions, sequenceCase, sequenceOptions, sequenceSizes } from "../helpers/sequence-cases.js";

const outputs = ["dwIh", "dwHh", "dbIh", "dbHh"] as const;
type Output = (typeof outputs)[number];

interface Layer {
  readonly input: SequenceInput;
  readonly cell: (typeof recurrentCells)[number];
  readonly G: number;
  readonly width: number;
  readonly y: Numbers;
  /** What the backward pass left in `gates`, and what should come of it. */
  readonly backward: Readonly<Record<Output | "gates", Numbers>>;
}

type Sizes = readonly [number, number, number, number];

/** A layer of each kind, run forward and backward in float64. */
const layers: Record<string, (sizes: Sizes, options: SequenceOptions, seed: number) => Layer> = {
  rnn(sizes, options, seed) {
    const { input, gradients } = sequenceCase(sizes, 1, options, seed);
    const rnn = { ...input, activation: "tanh" as const };
    const backward = rnnReferenceBackward(rnn, gradients);
    return { input, cell: "plain", G: input.H, width: input.H, y: rnnReference(rnn).y, backward };
  },
  lstm(sizes, options, seed) {
    const { input, gradients } = sequenceCase(sizes, 4, options, seed);
    const lstm = { ...input, P: input.H };
    const backward = lstmReferenceBackward(lstm, gradients);
    return { input, cell: "plain", G: 4 * input.H, width: 4 * input.H, y: lstmReference(lstm).y, backward };
  },
  gruResetAfter: (sizes, options, seed) => gruLayer(sizes, options, seed, false),
  gruResetBefore: (sizes, options, seed) => gruLayer(sizes, options, seed, true),
};

function gruLayer(sizes: Sizes, options: SequenceOptions, seed: number, resetBefore: boolean): Layer {
  const { input, gradients } = sequenceCase(sizes, 3, options, seed);
  const gru = { ...input, resetBefore };
  const cell = resetBefore ? "gruResetBefore" : "gruResetAfter";
  return { input, cell, G: 3 * input.H, width: 4 * input.H, y: gruReference(gru).y, backward: gruReferenceBackward(gru, gradients) };
}

/** What the kernel leaves in outputs that held `before` everywhere; only those in `expected` are given. */
function run(backend: Backend, layer: Layer, cuts: readonly number[], before = 0, expected: readonly Output[] = outputs) {
  const { input, cell, G, width, y, backward } = layer;
  const { B, T, I, H, reverse, x, h0, lengths } = input;
  const start = (name: Output) => new Float32Array(backward[name].length).fill(before);
  const writes = Object.fromEntries(expected.map((name) => [name, start(name)]));
  const dims = { B, T, I, H, G, width, reverse: +reverse, cell: recurrentCells.indexOf(cell) };
  const call = { gates: backward.gates, x, y, h0, lengths, ...writes, ...dims };
  return runKernel(backend, "recurrentGradient", assembled(call), {
    ranges: cuts.slice(1).map((end, i) => [cuts[i]!, end] as const),
  });
}

await forEachDevice(variants, "recurrentGradient", ({ backend }) => {
  describe.each(Object.entries(layers))("%s", (_, layer) => {
    const sizes: readonly Sizes[] = [...sequenceSizes, [9, 33, 5, 12], [2, 256, 9, 3]];
    const cases = sizes.map((size, i) => {
      const options = sequenceOptions[i % sequenceOptions.length]!;
      return { name: caseName(size, options), size, options, seed: i + 1 };
    });

    it.each(cases)("adds the gradients, alike for all splits: $name", async ({ size, options, seed }) => {
      const sample = layer(size, options, seed);
      const { G, backward } = sample;
      const actual = await run(backend, sample, [0, G], 3);
      for (const name of outputs) {
        const expected = Array.from(backward[name], (v) => v + 3);
        expectClose(actual[name]!, expected, 1e-5, name);
      }
      expectSameBits(await run(backend, sample, [0, G >> 3, (5 * G) >> 3, G], 3), actual);
    });

    it.each(outputs)("gives %s alone", async (name) => {
      const sample = layer([3, 5, 4, 6], sequenceOptions[3], 9);
      const actual = await run(backend, sample, [0, sample.G], 0, [name]);
      expectClose(actual[name]!, sample.backward[name], 1e-5, name);
    });
  });
});
