import { describe, expect, it } from "vitest";
import { recurrentCells } from "../../src/backend/kernels.js";
import { type GruInput, gruReference, gruReferenceBackward } from "../helpers/gru-reference.js";
import { expectClose } from "../helpers/guarded.js";
import { zeros } from "../helpers/rnn-reference.js";
import { expectSameBits, runKernel } from "../helpers/run-kernel.js";
import { caseName, gradientError, sequenceCase, sequenceOptions, sequenceSizes, splits, weigh } from "../helpers/sequence-cases.js";
import { describeVariants } from "../helpers/variants.js";

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

await describeVariants("gru", (backend) => {
  const cases = sequenceSizes.flatMap((sizes, i) =>
    sequenceOptions.flatMap((options, j) =>
      forms.map(({ resetBefore, form }) => {
        return [`${caseName(sizes, options)}, ${form}`, { sizes, options, resetBefore, seed: i * 10 + j + 1 }] as const;
      }),
    ),
  );

  it.each(cases)("%s", (_, { sizes, options, resetBefore, seed }) => {
    const [B, T, I, H] = sizes;
    const { input, gradients } = sequenceCase(sizes, 3, options, seed);
    const gru = { ...input, resetBefore };
    const { x, wIh, wHh, bIh, bHh, h0, lengths } = input;
    const forward = splits(B).map((ranges) => {
      const reads = { x, wIh, wHh, bIh, bHh, h0, lengths };
      const writes = { y: B * T * H, hN: B * H, gates: T * B * 4 * H };
      const { results, values } = runKernel(backend, "gruForward", { reads, writes, dims: dimsOf(gru), ranges });
      expect(results.every((r) => r === -1)).toBe(true);
      return values;
    });
    const expected = gruReference(gru);
    for (const name of ["y", "hN", "gates"] as const) expectClose(forward[0]![name]!, expected[name], name);
    expectSameBits(forward[1]!, forward[0]!);

    const backward = splits(B).map((ranges) => {
      const { y, gates } = forward[0]!;
      const reads = { wIh, wHh, h0, lengths, y, ...gradients };
      const writes = { gates: gates!, dx: B * T * I, dh0: B * H, dh: T * B * H };
      return runKernel(backend, "gruBackward", { reads, writes, dims: dimsOf(gru), ranges }).values;
    });
    const expectedGradients = gruReferenceBackward(gru, gradients);
    for (const name of ["gates", "dx", "dh0", "dh"] as const) {
      expectClose(backward[0]![name]!, expectedGradients[name], name);
    }
    expectSameBits(backward[1]!, backward[0]!);
  });

  it.each(forms)("leaves gates of which recurrentGradient makes the weights' gradients, $form", ({ resetBefore }) => {
    const [B, T, I, H] = [3, 9, 8, 33];
    for (const options of sequenceOptions) {
      const { input, gradients } = sequenceCase([B, T, I, H], 3, options, 11);
      const gru: GruInput = { ...input, resetBefore };
      const { x, wIh, wHh, h0, lengths } = input;
      const { y, gates } = gruReference(gru);
      const reads = { wIh, wHh, h0, lengths, y, ...gradients };
      const backward = runKernel(backend, "gruBackward", { reads, writes: { gates }, dims: dimsOf(gru), ranges: [[0, B]] });
      const cell = recurrentCells.indexOf(resetBefore ? "gruResetBefore" : "gruResetAfter");
      const dims = { B, T, I, H, G: 3 * H, width: 4 * H, reverse: +gru.reverse, cell };
      const writes = { dwIh: zeros(3 * H * I), dwHh: zeros(3 * H * H), dbIh: zeros(3 * H), dbHh: zeros(3 * H) };
      const weights = { reads: { gates: backward.values.gates, x, y, h0, lengths }, writes, dims, ranges: [[0, 3 * H]] as const };
      const { values } = runKernel(backend, "recurrentGradient", weights);
      const expected = gruReferenceBackward(gru, gradients);
      for (const name of ["dwIh", "dwHh", "dbIh", "dbHh"] as const) expectClose(values[name]!, expected[name], name);
    }
  });

  it.each(forms)("does without dy, dx, dh0 and dh, $form", ({ resetBefore }) => {
    const { input, gradients } = sequenceCase([3, 5, 4, 6], 3, sequenceOptions[3], 3);
    const { wIh, wHh, h0, lengths } = input;
    const gru: GruInput = { ...input, resetBefore };
    const { y, gates } = gruReference(gru);
    const reads = { wIh, wHh, h0, lengths, y, dhN: gradients.dhN };
    const { values } = runKernel(backend, "gruBackward", { reads, writes: { gates }, dims: dimsOf(gru), ranges: [[0, 3]] });
    expectClose(values.gates!, gruReferenceBackward(gru, { dhN: gradients.dhN }).gates, "gates");
  });

  it.each([0, 6, -1])("refuses a length of %i of 5 steps and writes nothing", (length) => {
    const { input } = sequenceCase([3, 5, 4, 6], 3, sequenceOptions[0], 4);
    const { x, wIh, wHh } = input;
    const reads = { x, wIh, wHh, lengths: Int32Array.of(5, 1, length) };
    const writes = { y: 3 * 5 * 6, hN: 3 * 6, gates: 5 * 3 * 4 * 6 };
    const dims = dimsOf({ ...input, resetBefore: false });
    const { results, values } = runKernel(backend, "gruForward", { reads, writes, dims, ranges: [[0, 3]] });
    expect(results).toEqual([2]);
    expect([...values.y!, ...values.hN!, ...values.gates!].every(Number.isNaN)).toBe(true);
  });
});
