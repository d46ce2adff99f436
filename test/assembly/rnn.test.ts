import { describe, expect, it } from "vitest";
import { forEachDevice, variants } from "../helpers/devices.js";
import { blank, expectSameBits, runKernel } from "../helpers/kernel.js";
import { expectClose } from "../helpers/numbers.js";
import { type RnnInput, rnnReference, rnnReferenceBackward } from "../helpers/rnn-reference.js";
import { caseName, gradientError, runSplits, sequenceCase, sequenceOptions, sequenceSizes, weigh } from "../helpers/sequence-cases.js";

const activations = ["tanh", "relu"] as const;

const dimsOf = ({ B, T, I, H, reverse, activation }: RnnInput) => ({
  B,
  T,
  I,
  H,
  reverse: +reverse,
  activation: activations.indexOf(activation),
});

describe("the float64 RNN that the kernels are compared with", () => {
  it.each(activations)("has the gradients that finite differences give, %s", (activation) => {
    const { input, gradients } = sequenceCase([3, 5, 4, 6], 1, sequenceOptions[3], 7);
    const [x, wIh, wHh, bIh, bHh, h0] = [input.x, input.wIh, input.wHh, input.bIh!, input.bHh!, input.h0!].map((v) => Float64Array.from(v));
    const precise = { ...input, x: x!, wIh: wIh!, wHh: wHh!, bIh, bHh, h0, activation };
    const loss = () => {
      const { y, hN } = rnnReference(precise);
      return weigh(y, gradients.dy) + weigh(hN, gradients.dhN!);
    };
    const g = rnnReferenceBackward(precise, gradients);
    expect(gradientError(loss, [x!, wIh!, wHh!, bIh!, bHh!, h0!], [g.dx, g.dwIh, g.dwHh, g.dbIh, g.dbHh, g.dh0])).toBeLessThan(1e-7);
  });
});

await forEachDevice(variants, "rnn", ({ backend }) => {
  const cases = sequenceSizes.flatMap((sizes, i) =>
    sequenceOptions.map((options, j) => {
      const activation = activations[(i + j) % 2]!;
      return [`${caseName(sizes, options)}, ${activation}`, { sizes, options, activation, seed: i * 10 + j + 1 }] as const;
    }),
  );

  it.each(cases)("%s", async (_, { sizes, options, activation, seed }) => {
    const [B, T, I, H] = sizes;
    const { input, gradients } = sequenceCase(sizes, 1, options, seed);
    const rnn = { ...input, activation };
    const { x, wIh, wHh, bIh, bHh, h0, lengths } = input;
    const forward = await runSplits(B, (ranges) => {
      const reads = { x, wIh, wHh, bIh, bHh, h0, lengths };
      return runKernel(backend, "rnnForward", { ...reads, ...blank({ y: B * T * H, hN: B * H }), ...dimsOf(rnn) }, { ranges });
    });
    const expected = rnnReference(rnn);
    expectClose(forward[0]!.y!, expected.y, 1e-5, "y");
    expectClose(forward[0]!.hN!, expected.hN, 1e-5, "hN");
    expectSameBits(forward[1]!, forward[0]!);

    const backward = await runSplits(B, (ranges) => {
      const reads = { wIh, wHh, lengths, y: forward[0]!.y!, ...gradients };
      const writes = blank({ gates: T * B * H, dx: B * T * I, dh0: B * H, dh: T * B * H });
      return runKernel(backend, "rnnBackward", { ...reads, ...writes, ...dimsOf(rnn) }, { ranges });
    });
    const expectedGradients = rnnReferenceBackward(rnn, gradients);
    for (const name of ["gates", "dx", "dh0", "dh"] as const) {
      expectClose(backward[0]![name]!, expectedGradients[name], 1e-5, name);
    }
    expectSameBits(backward[1]!, backward[0]!);
  });

  it.each(activations)("shows a NaN in x in all that follows it in its row, and nowhere else: %s", async (activation) => {
    const { input } = sequenceCase([3, 5, 4, 6], 1, sequenceOptions[0], 5);
    const rnn: RnnInput = { ...input, lengths: undefined, reverse: false, activation };
    const x = Float32Array.from(input.x);
    x[(1 * 5 + 2) * 4] = Number.NaN; // row 1, step 2
    const call = { x, wIh: input.wIh, wHh: input.wHh, ...blank({ y: 3 * 5 * 6, hN: 3 * 6 }), ...dimsOf(rnn) };
    const { y, hN } = await runKernel(backend, "rnnForward", call, { ranges: [[0, 3]] });
    for (const [i, value] of y!.entries()) expect(Number.isNaN(value), `y ${i}`).toBe(i >= (5 + 2) * 6 && i < 2 * 5 * 6);
    for (const [i, value] of hN!.entries()) expect(Number.isNaN(value), `hN ${i}`).toBe(i >= 6 && i < 12);
  });

  it("does without dy, dx, dh0 and dh", async () => {
    const { input, gradients } = sequenceCase([3, 5, 4, 6], 1, sequenceOptions[3], 3);
    const { wIh, wHh, lengths } = input;
    const rnn: RnnInput = { ...input, activation: "tanh" };
    const y = rnnReference(rnn).y;
    const reads = { wIh, wHh, lengths, y, dhN: gradients.dhN };
    const call = { ...reads, ...blank({ gates: 5 * 3 * 6 }), ...dimsOf(rnn) };
    const { gates } = await runKernel(backend, "rnnBackward", call, { ranges: [[0, 3]] });
    expectClose(gates!, rnnReferenceBackward(rnn, { dhN: gradients.dhN }).gates, 1e-5, "gates");
  });

  it.each([0, 6, -1])("refuses a length of %i of 5 steps and writes nothing", async (length) => {
    const { input } = sequenceCase([3, 5, 4, 6], 1, sequenceOptions[0], 4);
    const { x, wIh, wHh } = input;
    const reads = { x, wIh, wHh, lengths: Int32Array.of(5, 1, length) };
    const dims = dimsOf({ ...input, activation: "tanh" });
    const call = { ...reads, ...blank({ y: 3 * 5 * 6, hN: 3 * 6 }), ...dims };
    const { y, hN } = await runKernel(backend, "rnnForward", call, { ranges: [[0, 3]], result: 2 });
    expect([...y!, ...hN!].every(Number.isNaN)).toBe(true);
  });
});
