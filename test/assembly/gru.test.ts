import { describe, expect, it } from "vitest";
import { recurrentCells } from "../../src/backend/kernels.js";
import { forEachDevice, variants } from "../helpers/devices.js";
import { thinly } from "../helpers/full.js";
import { type GruInput, gruReference, gruReferenceBackward } from "../helpers/gru-reference.js";
import { blank, expectSameBits, runKernel } from "../helpers/kernel.js";
import { expectClose } from "../helpers/numbers.js";
import { zeros } from "../helpers/rnn-reference.js";
import { caseName, gradientError, runSplits, sequenceCase, sequenceOptions, sequenceSizes, weigh } from "../helpers/sequence-cases.js";

const forms = [
  { resetBefore: false, form: "reset after the product" },
  { resetBefore: true, form: "reset before the product" },
];

const dimsOf = ({ B, T, I, H, reverse, resetBefore }: GruInput) => ({ B, T, I, H, reverse: +reverse, resetBefore: +resetBefore });

describe("the float64 GRU that the kernels are compared with", () => {
  it.each(forms)("has the gradients that finite differences give, $form", ({ resetBefore }) => {
    const { input, gradients } = sequenceCase([3, 5, 4, 6], 3, sequenceOptions[3], 7);
    const [x, wIh, wHh, bIh, bHh, h0] = [input.x, input.wIh, input.wHh, input.bIh!, input.bHh!, input.h0!].map((v) => Float64Array.from(v));
    const precise = { ...input, x: x!, wIh: wIh!, wHh: wHh!, bIh, bHh, h0, resetBefore };
    const loss = () => {
      const { y, hN } = gruReference(precise);
      return weigh(y, gradients.dy) + weigh(hN, gradients.dhN!);
    };
    const g = gruReferenceBackward(precise, gradients);
    expect(gradientError(loss, [x!, wIh!, wHh!, bIh!, bHh!, h0!], [g.dx, g.dwIh, g.dwHh, g.dbIh, g.dbHh, g.dh0])).toBeLessThan(1e-7);
  });
});

await forEachDevice(variants, "gru", ({ backend }) => {
  const cases = sequenceSizes.flatMap((sizes, i) =>
    sequenceOptions.flatMap((options, j) =>
      forms.map(({ resetBefore, form }) => {
        return [`${caseName(sizes, options)}, ${form}`, { sizes, options, resetBefore, seed: i * 10 + j + 1 }] as const;
      }),
    ),
  );

  // 3 has no factor in common with the numbers of options and forms: every size and every option is there.
  thinly(
    cases,
    (_, i) => i % 3 === 0,
    (chosen) =>
      it.each(chosen)("%s", async (_, { sizes, options, resetBefore, seed }) => {
        const [B, T, I, H] = sizes;
        const { input, gradients } = sequenceCase(sizes, 3, options, seed);
        const gru = { ...input, resetBefore };
        const { x, wIh, wHh, bIh, bHh, h0, lengths } = input;
        const forward = await runSplits(B, (ranges) => {
          const reads = { x, wIh, wHh, bIh, bHh, h0, lengths };
          const writes = blank({ y: B * T * H, hN: B * H, gates: T * B * 4 * H });
          return runKernel(backend, "gruForward", { ...reads, ...writes, ...dimsOf(gru) }, { ranges });
        });
        const expected = gruReference(gru);
        for (const name of ["y", "hN", "gates"] as const) expectClose(forward[0]![name]!, expected[name], 1e-5, name);
        expectSameBits(forward[1]!, forward[0]!);

        const backward = await runSplits(B, (ranges) => {
          const { y, gates } = forward[0]!;
          const reads = { wIh, wHh, h0, lengths, y: y!, ...gradients };
          const writes = { gates: gates!, ...blank({ dx: B * T * I, dh0: B * H, dh: T * B * H }) };
          return runKernel(backend, "gruBackward", { ...reads, ...writes, ...dimsOf(gru) }, { ranges });
        });
        const expectedGradients = gruReferenceBackward(gru, gradients);
        for (const name of ["gates", "dx", "dh0", "dh"] as const) {
          expectClose(backward[0]![name]!, expectedGradients[name], 1e-5, name);
        }
        expectSameBits(backward[1]!, backward[0]!);
      }),
  );

  it.each(forms)("leaves gates of which recurrentGradient makes the weights' gradients, $form", async ({ resetBefore }) => {
    const [B, T, I, H] = [3, 9, 8, 33];
    for (const options of sequenceOptions) {
      const { input, gradients } = sequenceCase([B, T, I, H], 3, options, 11);
      const gru: GruInput = { ...input, resetBefore };
      const { x, wIh, wHh, h0, lengths } = input;
      const { y, gates } = gruReference(gru);
      const reads = { wIh, wHh, h0, lengths, y, ...gradients };
      const backward = await runKernel(backend, "gruBackward", { ...reads, gates, ...dimsOf(gru) }, { ranges: [[0, B]] });
      const cell = recurrentCells.indexOf(resetBefore ? "gruResetBefore" : "gruResetAfter");
      const dims = { B, T, I, H, G: 3 * H, width: 4 * H, reverse: +gru.reverse, cell };
      const writes = { dwIh: zeros(3 * H * I), dwHh: zeros(3 * H * H), dbIh: zeros(3 * H), dbHh: zeros(3 * H) };
      const weights = { gates: backward.gates!, x, y, h0, lengths, ...writes, ...dims };
      const values = await runKernel(backend, "recurrentGradient", weights, { ranges: [[0, 3 * H]] });
      const expected = gruReferenceBackward(gru, gradients);
      for (const name of ["dwIh", "dwHh", "dbIh", "dbHh"] as const) expectClose(values[name]!, expected[name], 1e-5, name);
    }
  });

  it.each(forms)("does without dy, dx, dh0 and dh, $form", async ({ resetBefore }) => {
    const { input, gradients } = sequenceCase([3, 5, 4, 6], 3, sequenceOptions[3], 3);
    const { wIh, wHh, h0, lengths } = input;
    const gru: GruInput = { ...input, resetBefore };
    const { y, gates } = gruReference(gru);
    const reads = { wIh, wHh, h0, lengths, y, dhN: gradients.dhN };
    const values = await runKernel(backend, "gruBackward", { ...reads, gates, ...dimsOf(gru) }, { ranges: [[0, 3]] });
    expectClose(values.gates!, gruReferenceBackward(gru, { dhN: gradients.dhN }).gates, 1e-5, "gates");
  });

  it.each([0, 6, -1])("refuses a length of %i of 5 steps and writes nothing", async (length) => {
    const { input } = sequenceCase([3, 5, 4, 6], 3, sequenceOptions[0], 4);
    const { x, wIh, wHh } = input;
    const reads = { x, wIh, wHh, lengths: Int32Array.of(5, 1, length) };
    const writes = blank({ y: 3 * 5 * 6, hN: 3 * 6, gates: 5 * 3 * 4 * 6 });
    const dims = dimsOf({ ...input, resetBefore: false });
    const values = await runKernel(backend, "gruForward", { ...reads, ...writes, ...dims }, { ranges: [[0, 3]], result: 2 });
    expect([...values.y!, ...values.hN!, ...values.gates!].every(Number.isNaN)).toBe(true);
  });
});
