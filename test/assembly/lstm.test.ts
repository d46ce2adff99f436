import { describe, expect, it } from "vitest";
import { forEachDevice, variants } from "../helpers/devices.js";
import { blank, expectSameBits, runKernel } from "../helpers/kernel.js";
import { type LstmInput, lstmReference, lstmReferenceBackward } from "../helpers/lstm-reference.js";
import { expectClose } from "../helpers/numbers.js";
import { generator } from "../helpers/recurrent-reference.js";
import {
  caseName,
  gradientError,
  runSplits,
  type SequenceOptions,
  sequenceCase,
  sequenceOptions,
  sequenceSizes,
  weigh,
} from "../helpers/sequence-cases.js";

const dimsOf = ({ B, T, I, H, P, reverse }: LstmInput) => ({ B, T, I, H, P, reverse: +reverse });

/** Sizes of the output of a projection, beside those of its layer. */
const projections = [
  { sizes: [1, 7, 3, 7], P: 1 },
  { sizes: [3, 8, 9, 9], P: 5 },
  { sizes: [9, 4, 3, 33], P: 64 },
  { sizes: [8, 5, 8, 64], P: 8 },
] as const;

/** Random arguments of an LSTM, with a projection to P numbers where P is given. */
function lstmCase(sizes: readonly [number, number, number, number], options: SequenceOptions, seed: number, P?: number) {
  const [B, T, , H] = sizes;
  const { input, gradients } = sequenceCase(sizes, 4, options, seed);
  const random = generator(seed + 1000);
  const states = (n: number) => (options.states ? random(B * n) : undefined);
  const projection = P && { wHh: random(4 * H * P, 1.5 / Math.sqrt(P)), wHr: random(P * H, 1.5 / Math.sqrt(H)), h0: states(P) };
  const projectionGradients = P && { dy: random(B * T * P), dhN: states(P) };
  return {
    input: { ...input, P: P ?? H, wHr: undefined, c0: states(H), ...projection },
    gradients: { ...gradients, dcN: states(H), ...projectionGradients },
  };
}

describe("the float64 LSTM that the kernels are compared with", () => {
  it.each([{ P: undefined }, { P: 3 }])("has the gradients that finite differences give, projection $P", ({ P }) => {
    const { input, gradients } = lstmCase([3, 5, 4, 6], sequenceOptions[3], 7, P);
    const names = ["x", "wIh", "wHh", "bIh", "bHh", "h0", "c0", ...(P ? ["wHr" as const] : [])] as const;
    const precise = { ...input, ...Object.fromEntries(names.map((name) => [name, Float64Array.from(input[name]!)])) };
    const loss = () => {
      const { y, hN, cN } = lstmReference(precise);
      return weigh(y, gradients.dy) + weigh(hN, gradients.dhN!) + weigh(cN, gradients.dcN!);
    };
    const g = lstmReferenceBackward(precise, gradients);
    const analytic = { x: g.dx, wIh: g.dwIh, wHh: g.dwHh, bIh: g.dbIh, bHh: g.dbHh, h0: g.dh0, c0: g.dc0, wHr: g.dwHr };
    const arrays = names.map((name) => precise[name] as unknown as Float64Array);
    const derivatives = names.map((name) => analytic[name]);
    expect(gradientError(loss, arrays, derivatives)).toBeLessThan(1e-7);
  });
});

await forEachDevice(variants, "lstm", ({ backend }) => {
  const layers = [...sequenceSizes.map((sizes) => ({ sizes, P: undefined })), ...projections];
  const cases = layers.flatMap(({ sizes, P }, i) =>
    sequenceOptions.map((options, j) => ({
      name: caseName(sizes, options) + (P ? `, projection ${P}` : ""),
      ...lstmCase(sizes, options, i * 10 + j + 1, P),
    })),
  );

  it.each(cases)("$name", async ({ input, gradients }) => {
    const { B, T, I, H, P, x, wIh, wHh, bIh, bHh, wHr, h0, c0, lengths } = input;
    const dims = dimsOf(input);
    const forward = await runSplits(B, (ranges) => {
      const reads = { x, wIh, wHh, bIh, bHh, wHr, h0, c0, lengths };
      const states = { y: B * T * P, hN: B * P, cN: B * H };
      const saved = { gates: T * B * 4 * H, cells: T * B * H, ...(wHr ? { hidden: T * B * H } : {}) };
      return runKernel(backend, "lstmForward", { ...reads, ...blank({ ...states, ...saved }), ...dims }, { ranges });
    });
    const expected = lstmReference(input);
    for (const [name, values] of Object.entries(forward[0]!)) {
      expectClose(values, expected[name as keyof typeof expected], 1e-5, name);
    }
    expectSameBits(forward[1]!, forward[0]!);

    const backward = await runSplits(B, (ranges) => {
      const { gates, cells } = forward[0]!;
      const reads = { wIh, wHh, wHr, c0, lengths, cells: cells!, ...gradients };
      const writes = { gates: gates!, ...blank({ dx: B * T * I, dh0: B * P, dc0: B * H, dh: T * B * P }) };
      return runKernel(backend, "lstmBackward", { ...reads, ...writes, ...dims }, { ranges });
    });
    const expectedGradients = lstmReferenceBackward(input, gradients);
    for (const name of ["gates", "dx", "dh0", "dc0", "dh"] as const) {
      expectClose(backward[0]![name]!, expectedGradients[name], 1e-5, name);
    }
    expectSameBits(backward[1]!, backward[0]!);
  });

  it("does without hidden, dy, dx, dh0, dc0 and dh", async () => {
    const { input, gradients } = lstmCase([3, 5, 4, 6], sequenceOptions[3], 3, 2);
    const { B, T, H, P, x, wIh, wHh, bIh, bHh, wHr, h0, c0, lengths } = input;
    const [dims, all] = [dimsOf(input), { ranges: [[0, 3]] as const }];
    const reads = { x, wIh, wHh, bIh, bHh, wHr, h0, c0, lengths };
    const writes = blank({ y: B * T * P, hN: B * P, cN: B * H, gates: T * B * 4 * H, cells: T * B * H });
    const { y, gates, cells } = await runKernel(backend, "lstmForward", { ...reads, ...writes, ...dims }, all);
    expectClose(y!, lstmReference(input).y, 1e-5, "y");
    const { dhN, dcN } = gradients;
    const saved = { wIh, wHh, wHr, c0, lengths, cells: cells!, dhN, dcN };
    const values = await runKernel(backend, "lstmBackward", { ...saved, gates: gates!, ...dims }, all);
    expectClose(values.gates!, lstmReferenceBackward(input, { dhN, dcN }).gates, 1e-5, "gates");
  });

  it.each([0, 6, -1])("refuses a length of %i of 5 steps and writes nothing", async (length) => {
    const { input } = lstmCase([3, 5, 4, 6], sequenceOptions[0], 4);
    const { x, wIh, wHh } = input;
    const reads = { x, wIh, wHh, lengths: Int32Array.of(5, 1, length) };
    const writes = blank({ y: 3 * 5 * 6, hN: 3 * 6, cN: 3 * 6, gates: 5 * 3 * 4 * 6, cells: 5 * 3 * 6 });
    const call = { ...reads, ...writes, ...dimsOf(input) };
    const values = await runKernel(backend, "lstmForward", call, { ranges: [[0, 3]], result: 2 });
    for (const output of Object.values(values)) expect(output.every(Number.isNaN)).toBe(true);
  });
});
