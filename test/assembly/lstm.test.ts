import { describe, expect, it } from "vitest";
import type { WasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { expectClose, GuardedBuffers } from "../helpers/guarded.js";
import {
  generator,
  type LstmInput,
  type LstmOutput,
  type LstmOutputGradient,
  lstmBackwardReference,
  lstmForwardReference,
  type Numbers,
} from "../helpers/recurrent-reference.js";
import { describeVariants } from "../helpers/variants.js";

interface Case {
  B: number;
  T: number;
  I: number;
  H: number;
  P?: number;
  reverse?: boolean;
  lengths?: number[];
  /** Leaves out biases and initial states, and the gradients of all but the output. */
  bare?: boolean;
}

const cases: Case[] = [
  { B: 1, T: 1, I: 1, H: 1 },
  { B: 1, T: 9, I: 7, H: 8 },
  { B: 3, T: 7, I: 3, H: 7, bare: true },
  { B: 7, T: 3, I: 9, H: 9, reverse: true },
  { B: 8, T: 8, I: 8, H: 33, lengths: [8, 1, 3, 8, 5, 7, 2, 4] },
  { B: 3, T: 8, I: 1, H: 64, lengths: [5, 8, 1], reverse: true },
  { B: 33, T: 3, I: 33, H: 8 },
  { B: 2, T: 64, I: 3, H: 1, reverse: true, bare: true },
  { B: 9, T: 3, I: 64, H: 100 },
  { B: 64, T: 2, I: 7, H: 3 },
  { B: 100, T: 2, I: 2, H: 5 },
  { B: 2, T: 3, I: 100, H: 257 },
  { B: 1, T: 5, I: 3, H: 7, P: 1 },
  { B: 3, T: 7, I: 8, H: 9, P: 5, lengths: [7, 2, 4] },
  { B: 9, T: 4, I: 3, H: 33, P: 64, reverse: true, lengths: [1, 4, 2, 3, 4, 1, 4, 2, 3] },
  { B: 2, T: 3, I: 9, H: 64, P: 8, bare: true },
];

const name = (c: Case) =>
  Object.entries(c)
    .map(([key, value]) => `${key} ${value}`)
    .join(", ");

function sample(c: Case): { input: LstmInput; gradient: LstmOutputGradient } {
  const { B, T, I, H, P = H, reverse = false, lengths, bare = false } = c;
  const random = generator(B + 31 * T + 97 * I + 101 * H);
  const weights = {
    wIh: random(4 * H * I, 1 / Math.sqrt(I)),
    wHh: random(4 * H * P, 1 / Math.sqrt(P)),
    wHr: c.P ? random(P * H, 1 / Math.sqrt(H)) : undefined,
  };
  const optional = bare ? {} : { bIh: random(4 * H), bHh: random(4 * H), h0: random(B * P), c0: random(B * H) };
  const input = { B, T, I, H, P, reverse, lengths, x: random(B * T * I), ...weights, ...optional };
  return { input, gradient: { dy: random(B * T * P), ...(bare ? {} : { dhN: random(B * P), dcN: random(B * H) }) } };
}

type Ranges = readonly (readonly [begin: number, end: number])[];

const whole = (B: number): Ranges => [[0, B]];

/** Uneven pieces of 0..B: the first row, most of the rest, and the last quarter. */
function pieces(B: number): Ranges {
  const cuts = [0, 1, Math.max(1, B - (B >> 2)), B] as const;
  return cuts.slice(1).map((end, i) => [cuts[i]!, end] as const);
}

type Results = Record<string, Float32Array>;

const readAll = (buffers: GuardedBuffers, writes: Record<string, number>): Results =>
  Object.fromEntries(Object.entries(writes).map(([key, address]) => [key, buffers.read(address)]));

function forward(backend: WasmBackend, input: LstmInput, ranges: Ranges): Results {
  const { B, T, I, H, P } = input;
  const buffers = new GuardedBuffers(backend);
  const { x, wIh, wHh, bIh, bHh, wHr, h0, c0, lengths } = buffers.writeAll(input);
  const writes = {
    y: buffers.output(B * T * P),
    hN: buffers.output(B * P),
    cN: buffers.output(B * H),
    gates: buffers.output(T * B * 4 * H),
    cells: buffers.output(T * B * H),
    ...(wHr ? { hidden: buffers.output(T * B * H) } : {}),
  };
  const dims = { B, T, I, H, P, reverse: Number(input.reverse) };
  for (const [begin, end] of ranges) {
    const call = { x: x!, wIh: wIh!, wHh: wHh!, bIh, bHh, wHr, h0, c0, lengths, ...writes, ...dims, begin, end };
    expect(backend.dispatch("lstmForward", call)).toBe(-1);
  }
  const results = readAll(buffers, writes);
  buffers.free();
  return results;
}

function backward(backend: WasmBackend, input: LstmInput, output: LstmOutput, gradient: LstmOutputGradient, ranges: Ranges): Results {
  const { B, T, I, H, P } = input;
  const buffers = new GuardedBuffers(backend);
  const { wIh, wHh, wHr, c0, lengths, dy, dhN, dcN, cells } = buffers.writeAll({ ...input, ...gradient, cells: output.cells });
  const writes = {
    gates: buffers.write(output.gates),
    dx: buffers.output(B * T * I),
    dh0: buffers.output(B * P),
    dc0: buffers.output(B * H),
    dh: buffers.output(T * B * P),
  };
  const dims = { B, T, I, H, P, reverse: Number(input.reverse) };
  for (const [begin, end] of ranges) {
    const call = { wIh: wIh!, wHh: wHh!, wHr, c0, lengths, cells: cells!, dy, dhN, dcN, ...writes, ...dims, begin, end };
    backend.dispatch("lstmBackward", call);
  }
  const results = readAll(buffers, writes);
  buffers.free();
  return results;
}

await describeVariants("lstm", (backend) => {
  describe.each(cases.map((c) => [name(c), c] as const))("%s", (_, c) => {
    const { input, gradient } = sample(c);
    const output = lstmForwardReference(input);

    it("forward agrees with float64", () => {
      const actual = forward(backend, input, whole(input.B));
      for (const [key, values] of Object.entries(actual)) expectClose(values, output[key as keyof LstmOutput], key);
    });

    it("backward agrees with float64", () => {
      const expected = lstmBackwardReference(input, output, gradient);
      const actual = backward(backend, input, output, gradient, whole(input.B));
      for (const [key, values] of Object.entries(actual)) expectClose(values, expected[key as "dx"], key);
    });

    it("gives the same bits however the batch is split", () => {
      expect(forward(backend, input, pieces(input.B))).toEqual(forward(backend, input, whole(input.B)));
      const split = backward(backend, input, output, gradient, pieces(input.B));
      expect(split).toEqual(backward(backend, input, output, gradient, whole(input.B)));
    });
  });

  it("works without the optional buffers", () => {
    const { input } = sample({ B: 2, T: 3, I: 3, H: 5, P: 2, bare: true });
    const { B, T, I, H, P } = input;
    const output = lstmForwardReference(input);
    const buffers = new GuardedBuffers(backend);
    const { x, wIh, wHh, wHr } = buffers.writeAll(input);
    const dims = { wIh: wIh!, wHh: wHh!, wHr, B, T, I, H, P, reverse: 0, begin: 0, end: B };
    const y = buffers.output(B * T * P);
    const saved = { gates: buffers.output(T * B * 4 * H), cells: buffers.output(T * B * H) };
    backend.dispatch("lstmForward", { x: x!, y, hN: buffers.output(B * P), cN: buffers.output(B * H), ...saved, ...dims });
    expectClose(buffers.read(y), output.y, "y");
    const dhN = new Float32Array(B * P).fill(0.5);
    backend.dispatch("lstmBackward", { ...saved, dhN: buffers.write(dhN), ...dims });
    expectClose(buffers.read(saved.gates), lstmBackwardReference(input, output, { dhN }).gates, "gates");
    buffers.free();
  });

  it.each([[0], [4], [-1]])("refuses the length %i and writes nothing", (length) => {
    const { input } = sample({ B: 3, T: 3, I: 2, H: 4 });
    const { B, T, I, H, P } = input;
    const buffers = new GuardedBuffers(backend);
    const { x, wIh, wHh } = buffers.writeAll(input);
    const lengths = buffers.writeInt32([3, length, 1]);
    const zeros = (count: number) => buffers.write(new Float32Array(count));
    const writes = { y: zeros(B * T * P), hN: zeros(B * P), cN: zeros(B * H), gates: zeros(T * B * 4 * H), cells: zeros(T * B * H) };
    const call = { x: x!, wIh: wIh!, wHh: wHh!, lengths, ...writes, B, T, I, H, P, reverse: 0, begin: 0, end: B };
    expect(backend.dispatch("lstmForward", call)).toBe(1);
    for (const values of Object.values(readAll(buffers, writes))) expect(values.every((value) => value === 0)).toBe(true);
    buffers.free();
  });

  it("ignores what lies past a length, NaN included", () => {
    const { input, gradient } = sample({ B: 2, T: 4, I: 3, H: 5, lengths: [2, 4] });
    const output = lstmForwardReference(input);
    const x = Float32Array.from(input.x).fill(Number.NaN, 2 * 3, 4 * 3);
    const dy = Float32Array.from(gradient.dy!).fill(Number.NaN, 2 * 5, 4 * 5);
    expect(forward(backend, { ...input, x }, whole(2))).toEqual(forward(backend, input, whole(2)));
    expect(backward(backend, input, output, { ...gradient, dy }, whole(2))).toEqual(backward(backend, input, output, gradient, whole(2)));
  });
});

describe("the float64 LSTM", () => {
  const checked: Case[] = [
    { B: 2, T: 4, I: 3, H: 5 },
    { B: 3, T: 5, I: 2, H: 4, P: 3, lengths: [5, 1, 3] },
    { B: 2, T: 5, I: 2, H: 3, reverse: true, lengths: [2, 5] },
  ];
  it.each(checked.map((c) => [name(c), c] as const))("has the gradient of its finite differences: %s", (_, c) => {
    const { input, gradient } = sample(c);
    const dot = (a: Numbers, b: Numbers) => Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
    const loss = (value: LstmInput) => {
      const { y, hN, cN } = lstmForwardReference(value);
      return dot(y, gradient.dy!) + dot(hN, gradient.dhN!) + dot(cN, gradient.dcN!);
    };
    const d = lstmBackwardReference(input, lstmForwardReference(input), gradient);
    const pairs = { x: d.dx, wIh: d.dwIh, wHh: d.dwHh, bIh: d.db, bHh: d.db, wHr: d.dwHr, h0: d.dh0, c0: d.dc0 };
    for (const [key, analytic] of Object.entries(pairs)) {
      const values = input[key as keyof typeof pairs];
      if (!values) continue;
      const direction = generator(values.length)(values.length);
      const step = 1e-5;
      const moved = (sign: number) => loss({ ...input, [key]: Float64Array.from(values, (v, i) => v + sign * step * direction[i]!) });
      const numeric = (moved(1) - moved(-1)) / (2 * step);
      const exact = dot(analytic, direction);
      expect(Math.abs(numeric - exact), key).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(exact)));
    }
  });
});
