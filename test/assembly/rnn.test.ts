import { describe, expect, it } from "vitest";
import { expectClose } from "../helpers/guarded.js";
import { type RnnInput, rnnReference, rnnReferenceBackward } from "../helpers/rnn-reference.js";
import { expectSameBits, runKernel } from "../helpers/run-kernel.js";
import { caseName, gradientError, sequenceCase, sequenceOptions, sequenceSizes, splits, weigh } from "../helpers/sequence-cases.js";
import { describeVariants } from "../helpers/variants.js";

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

await describeVariants("rnn", (backend) => {
  const cases = sequenceSizes.flatMap((sizes, i) =>
    sequenceOptions.map((options, j) => {
      const activation = activations[(i + j) % 2]!;
      return [`${caseName(sizes, options)}, ${activation}`, { sizes, options, activation, seed: i * 10 + j + 1 }] as const;
    }),
  );

  it.each(cases)("%s", (_, { sizes, options, activation, seed }) => {
    const [B, T, I, H] = sizes;
    const { input, gradients } = sequenceCase(sizes, 1, options, seed);
    const rnn = { ...input, activation };
    const { x, wIh, wHh, bIh, bHh, h0, lengths } = input;
    const forward = splits(B).map((ranges) => {
      const reads = { x, wIh, wHh, bIh, bHh, h0, lengths };
      const { results, values } = runKernel(backend, "rnnForward", {
        reads,
        writes: { y: B * T * H, hN: B * H },
        dims: dimsOf(rnn),
        ranges,
      });
      expect(results.every((r) => r === -1)).toBe(true);
      return values;
    });
    const expected = rnnReference(rnn);
    expectClose(forward[0]!.y!, expected.y, "y");
    expectClose(forward[0]!.hN!, expected.hN, "hN");
    expectSameBits(forward[1]!, forward[0]!);

    const backward = splits(B).map((ranges) => {
      const reads = { wIh, wHh, lengths, y: forward[0]!.y, ...gradients };
      const writes = { gates: T * B * H, dx: B * T * I, dh0: B * H, dh: T * B * H };
      return runKernel(backend, "rnnBackward", { reads, writes, dims: dimsOf(rnn), ranges }).values;
    });
    const expectedGradients = rnnReferenceBackward(rnn, gradients);
    for (const name of ["gates", "dx", "dh0", "dh"] as const) {
      expectClose(backward[0]![name]!, expectedGradients[name], name);
    }
    expectSameBits(backward[1]!, backward[0]!);
  });

  it("does without dy, dx, dh0 and dh", () => {
    const { input, gradients } = sequenceCase([3, 5, 4, 6], 1, sequenceOptions[3], 3);
    const { wIh, wHh, lengths } = input;
    const rnn: RnnInput = { ...input, activation: "tanh" };
    const y = rnnReference(rnn).y;
    const reads = { wIh, wHh, lengths, y, dhN: gradients.dhN };
    const { values } = runKernel(backend, "rnnBackward", { reads, writes: { gates: 5 * 3 * 6 }, dims: dimsOf(rnn), ranges: [[0, 3]] });
    expectClose(values.gates!, rnnReferenceBackward(rnn, { dhN: gradients.dhN }).gates, "gates");
  });

  it.each([0, 6, -1])("refuses a length of %i of 5 steps and writes nothing", (length) => {
    const { input } = sequenceCase([3, 5, 4, 6], 1, sequenceOptions[0], 4);
    const { x, wIh, wHh } = input;
    const reads = { x, wIh, wHh, lengths: Int32Array.of(5, 1, length) };
    const dims = dimsOf({ ...input, activation: "tanh" });
    const { results, values } = runKernel(backend, "rnnForward", { reads, writes: { y: 3 * 5 * 6, hN: 3 * 6 }, dims, ranges: [[0, 3]] });
    expect(results).toEqual([2]);
    expect([...values.y!, ...values.hN!].every(Number.isNaN)).toBe(true);
  });
});
