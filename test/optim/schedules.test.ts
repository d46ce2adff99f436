import { describe, expect, test } from "vitest";
import {
  constant,
  cosine,
  cyclic,
  inverseSigmoid,
  linearDecay,
  linearWarmup,
  oneCycle,
  Plateau,
  Scheduler,
  SGD,
  sequence,
  stepDecay,
  warmRestarts,
} from "../../src/optim/index.js";
import { parameter } from "../../src/tensor/create.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";

const rates = (schedule: (step: number) => number, steps: number) => Array.from({ length: steps }, (_, step) => schedule(step));

describe("schedules", () => {
  test("hold their ends", () => {
    expect(rates(constant(0.5), 2)).toEqual([0.5, 0.5]);
    expect(rates(constant(), 2)).toEqual([1, 1]);
    const half = [1, (2 + Math.SQRT2) / 4, 0.5, (2 - Math.SQRT2) / 4];
    expect(rates(warmRestarts(2, { growth: 2 }), 6).map((rate) => rate.toFixed(12))).toEqual(
      [1, 0.5, ...half].map((rate) => rate.toFixed(12)),
    );
    expect(rates(linearWarmup(2), 4)).toEqual([0, 0.5, 1, 1]);
    expect(rates(linearDecay(2, 0.5), 4)).toEqual([1, 0.75, 0.5, 0.5]);
    expect(rates(cosine(2, 0.5), 4)).toEqual([1, 0.75, 0.5, 0.5].map((v) => expect.closeTo(v, 15)));
    expect(rates(stepDecay(2, 0.5), 5)).toEqual([1, 1, 0.5, 0.5, 0.25]);
  });

  test.each([1, 2, 10, 100, 1000, 1e6])("an inverse sigmoid over %i steps is Bengio's, from exactly 1 down to its floor", (steps) => {
    // The k of the paper, by halving: k log k is half of the steps.
    let [low, high] = [1, steps + 1];
    for (let i = 0; i < 100; i++) {
      const middle = (low + high) / 2;
      [low, high] = middle * Math.log(middle) < steps / 2 ? [middle, high] : [low, middle];
    }
    const epsilon = (step: number) => low / (low + Math.exp(step / low));
    const [schedule, plain] = [inverseSigmoid(steps, 0.25), inverseSigmoid(steps)];
    expect([0, steps, 2 * steps].map(schedule)).toEqual([1, 0.25, 0.25]);
    expect([0, steps / 2, steps].map(plain)).toEqual([1, expect.closeTo(0.5, 12), 0]);
    for (const share of [0.1, 0.3, 0.6, 0.9]) {
      const expected = (epsilon(share * steps) - epsilon(steps)) / (epsilon(0) - epsilon(steps));
      expect(plain(share * steps)).toBeCloseTo(expected, 12);
      expect(schedule(share * steps)).toBeCloseTo(0.25 + 0.75 * expected, 12);
    }
  });

  test.each([
    [1, 1],
    [3, 3],
    [2, 5],
    [4, 1],
  ])("cycles that rise for %i steps and fall for %i are walked step by step", (rise, fall) => {
    const steps = 3 * (rise + fall) + 2;
    const heights: number[] = [];
    const cycles: number[] = [];
    for (let cycle = 0; heights.length < steps; cycle++) {
      for (let i = 0; i < rise; i++) heights.push(i / rise);
      for (let i = fall; i > 0; i--) heights.push(i / fall);
      while (cycles.length < heights.length) cycles.push(cycle);
    }
    const expectRates = (options: Parameters<typeof cyclic>[1], peakOf: (step: number, cycle: number) => number) => {
      const floor = options?.floor ?? 0.1;
      const expected = heights.map((height, step) => expect.closeTo(floor + (1 - floor) * height * peakOf(step, cycles[step]!), 12));
      expect(rates(cyclic(rise, { fall, ...options }), steps)).toEqual(expected.slice(0, steps));
    };
    expectRates({}, () => 1);
    expectRates({ floor: 0.25, mode: "triangular2" }, (_, cycle) => 0.5 ** cycle);
    expectRates({ floor: 0, mode: "exponential", gamma: 0.9 }, (step) => 0.9 ** step);
  });

  test.each([0, 0.1, 0.5, 1])("one cycle that rises for %f of its steps is finite and peaks once", (rise) => {
    const factors = rates(oneCycle(10, { rise }), 12);
    expect(factors.every((f) => f > 0 && f <= 1)).toBe(true);
    const peak = factors.indexOf(Math.max(...factors));
    for (const [i, f] of factors.slice(1).entries()) expect(i < peak ? f >= factors[i]! : f <= factors[i]!, `step ${i + 1}`).toBe(true);
    expect(factors[11]).toBe(factors[9]);
  });

  test("follow each other, each from its own step 0", () => {
    expect(rates(sequence([linearWarmup(2), 2], [constant(0.5), 1], [stepDecay(1, 0.5), 1]), 6)).toEqual([0, 0.5, 0.5, 1, 0.5, 0.25]);
  });

  test.each<[string, () => unknown]>([
    ["linearWarmup: steps is 0", () => linearWarmup(0)],
    ["linearDecay: steps is 1.5", () => linearDecay(1.5)],
    ["cosine: steps is -1", () => cosine(-1)],
    ["inverseSigmoid: steps is 0", () => inverseSigmoid(0)],
    ["stepDecay: every is 0", () => stepDecay(0)],
    ["oneCycle: steps is 1", () => oneCycle(1)],
    ["oneCycle: rise is 1.1", () => oneCycle(10, { rise: 1.1 })],
    ["Plateau: factor is 2", () => new Plateau({ factor: 2 })],
    ["Plateau: patience is -1", () => new Plateau({ patience: -1 })],
  ])("%s is refused", (message, make) => expect(make).toThrow(message));

  test("a plateau resumes from its state, also through JSON", () => {
    const [whole, first, second] = [0, 1, 2].map(() => new Plateau({ patience: 1, cooldown: 1, factor: 0.5 })) as [
      Plateau,
      Plateau,
      Plateau,
    ];
    const fresh = JSON.parse(JSON.stringify(first.state));
    const measures = [3, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1];
    for (const measure of measures) whole.observe(measure);
    second.restore(fresh);
    for (const measure of measures.slice(0, 4)) second.observe(measure);
    first.restore(JSON.parse(JSON.stringify(second.state)));
    for (const measure of measures.slice(4)) first.observe(measure);
    expect(first.state).toEqual(whole.state);
    expect(first.schedule(0)).toBeLessThan(1);
  });
});

test("a plateau takes nothing but what its state was, and stays as it is", () => {
  const plateau = new Plateau({ patience: 0 });
  for (const measure of [3, 4]) plateau.observe(measure);
  const before = plateau.state;
  const lists = [[], [1], [1, 2, 0], [1, 2, 0, 0, 0], [1, Number.NaN, 0, 0], [Number.NaN, 1, 0, 0], [1, 2, -1, 0], [1, 2, 0.5, 0]];
  for (const state of [
    undefined,
    null,
    3,
    "1234",
    {},
    new Map(),
    ...lists,
    ["1", 2, 0, 0],
    [1, "2", 0, 0],
    [1, 2, 0, 1n],
    [1, undefined, 0, 0],
  ])
    expectError("value", () => plateau.restore(state as number[]), "Plateau.restore");
  expect(plateau.state).toEqual(before);
});

await forEachDevice(immediate, "a scheduler", (device) => {
  on(device)("multiplies each group's own rate", () => {
    const [p, q] = [0, 1].map(() => parameter([1], (y) => y.write([1])));
    const groups = [
      { params: [p!], options: { lr: 0.5 } },
      { params: [q!], options: {} },
    ];
    const optimizer = new SGD(groups, { lr: 0.1 });
    const scheduler = new Scheduler(optimizer, stepDecay(2, 0.5));
    for (const [step, factor] of [1, 1, 0.5].entries()) {
      scheduler.apply(step);
      expect(optimizer.groups.map(({ options }) => options.lr)).toEqual([0.5 * factor, 0.1 * factor]);
    }
  });
});
