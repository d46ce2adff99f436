import fc from "fast-check";
import { expect, test } from "vitest";
import {
  concat,
  copyOf,
  expand,
  flip,
  mul,
  permute,
  reshape,
  select,
  slice,
  split,
  squeeze,
  stack,
  sum,
  unsqueeze,
} from "../../src/ops/index.js";
import { tensor } from "../../src/tensor/create.js";
import { withDevice } from "../../src/tensor/device.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { forEachDevice, variants } from "../helpers/devices.js";
import { indicesOf, numbersFor, positionOf, shapes, sizeOf } from "../helpers/naive.js";
import { expectClose } from "../helpers/numbers.js";

/** A tensor, and what it should be: for each element the position in the source where it comes from. */
interface Pair {
  readonly y: Tensor;
  readonly from: readonly number[];
}

/** The element at each index of `shape` is that of `x` at the index that `map` gives. */
const pick = ({ y, from }: Pair, shape: readonly number[], map: (index: number[]) => number[]) =>
  indicesOf(shape).map((index) => from[positionOf(y.shape, map(index))]!);

/** One random step: numbers to be taken modulo whatever there is to choose from. */
type Choice = readonly [number, number, number, number];
type Step = (pair: Pair, choice: Choice) => Pair;

const insert = (index: number[], at: number, value: number[]) => [...index.slice(0, at), ...value, ...index.slice(at)];

const steps: Record<string, Step> = {
  reshape({ y, from }, [a, b]) {
    // All dimensions become one, which is cut in up to three.
    const divisor = (n: number, k: number) => {
      const all = Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
      return all.length > 0 ? all[k % all.length]! : 1;
    };
    const first = divisor(y.size, a);
    const second = divisor(y.size / first, b);
    return { y: reshape(y, y.size === 0 ? [0, 3] : [first, second, -1]), from };
  },
  permute(pair, [a, b, c]) {
    const order = pair.y.shape.map((_, i) => i);
    for (const [i, k] of [a, b, c].entries()) if (order.length > i) order.push(...order.splice(k % order.length, 1));
    const shape = order.map((axis) => pair.y.shape[axis]!);
    const map = (index: number[]) => order.map((_, axis) => index[order.indexOf(axis)]!);
    return { y: permute(pair.y, order), from: pick(pair, shape, map) };
  },
  slice(pair, [a, b, c, d]) {
    const { shape } = pair.y;
    if (shape.length === 0) return pair;
    const axis = a % shape.length;
    const n = shape[axis]!;
    const start = b % (n + 1);
    const end = start + (c % (n - start + 1));
    const step = 1 + (d % 3);
    const length = Math.ceil((end - start) / step);
    const map = (index: number[]) => index.with(axis, start + index[axis]! * step);
    return { y: slice(pair.y, { axis, start, end, step }), from: pick(pair, shape.with(axis, length), map) };
  },
  flip(pair, [a, b]) {
    const { shape } = pair.y;
    if (shape.length === 0) return pair;
    const axes = [a % shape.length, b % shape.length];
    const map = (index: number[]) => index.map((k, i) => (axes.includes(i) ? shape[i]! - 1 - k : k));
    return { y: flip(pair.y, { axis: axes }), from: pick(pair, shape, map) };
  },
  expand(pair, [a, b]) {
    const lead = a % 3 === 0 ? [1 + (b % 3)] : [];
    const shape = [...lead, ...pair.y.shape.map((n) => (n === 1 ? 1 + (b % 3) : n))];
    return { y: expand(pair.y, shape), from: pick(pair, shape, (index) => index.slice(lead.length)) };
  },
  unsqueeze({ y, from }, [a]) {
    return { y: unsqueeze(y, { axis: a % (y.rank + 1) }), from };
  },
  squeeze({ y, from }) {
    return { y: squeeze(y), from };
  },
  select(pair, [a, b]) {
    const { shape } = pair.y;
    if (shape.length === 0) return pair;
    const axis = a % shape.length;
    if (shape[axis] === 0) return pair;
    const at = b % shape[axis]!;
    const y = select(pair.y, at - (b % 2 === 0 ? shape[axis]! : 0), { axis });
    return { y, from: pick(pair, y.shape, (index) => insert(index, axis, [at])) };
  },
  concat(pair, [a, b]) {
    const { shape } = pair.y;
    if (shape.length === 0) return pair;
    const axis = a % shape.length;
    const n = shape[axis]!;
    const turned = flip(pair.y, { axis });
    const [head = turned] = split(pair.y, Math.max(1, b % 3), { axis });
    const parts = [turned, pair.y, head];
    const expected = shape.with(axis, 2 * n + head.shape[axis]!);
    const map = (index: number[]) => index.with(axis, index[axis]! < n ? n - 1 - index[axis]! : (index[axis]! - n) % n);
    return { y: concat(parts, { axis }), from: pick(pair, expected, map) };
  },
  stack(pair, [a]) {
    const axis = a % (pair.y.rank + 1);
    const shape = insert([...pair.y.shape], axis, [2]);
    return { y: stack([pair.y, copyOf(pair.y)], { axis }), from: pick(pair, shape, (index) => index.toSpliced(axis, 1)) };
  },
};

const names = Object.keys(steps);
const plans = fc.array(fc.tuple(fc.constantFrom(...names), fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99), fc.nat(99))), { maxLength: 6 });

await forEachDevice(variants, "views of views", (device) => {
  test("have the values and gradients of plain indexing", () => {
    fc.assert(
      fc.property(shapes(6), plans, fc.nat(1000), (shape, plan, seed) => {
        withDevice(device, () =>
          scope(() => {
            const data = numbersFor(shape, seed);
            const x = tensor(data, shape, { requiresGrad: true });
            let pair: Pair = { y: x, from: Array.from(data.keys()) };
            for (const [name, choice] of plan) {
              const next = steps[name]!(pair, choice);
              if (next.from.length <= 2000) pair = next;
            }
            const { y, from } = pair;
            expect(sizeOf(y.shape)).toBe(from.length);
            expect(Array.from(y.dataSync())).toEqual(from.map((at) => data[at]));

            // The product reads the view by its strides.
            const dy = numbersFor(y.shape, seed + 1);
            const loss = sum(mul(y, tensor(dy, y.shape)));
            const dx = new Float64Array(data.length);
            for (const [i, at] of from.entries()) dx[at]! += dy[i]!;
            loss.backward();
            expectClose(x.grad!.dataSync(), dx, 1e-5);
          }),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("of more than four dimensions that do not merge are copied right", () => {
    withDevice(device, () =>
      scope(() => {
        const shape = [2, 3, 2, 3, 2, 3];
        const data = numbersFor(shape, 1);
        const y = flip(permute(tensor(data, shape), [5, 3, 1, 4, 2, 0]), { axis: [0, 2, 5] });
        const expected = indicesOf([3, 3, 3, 2, 2, 2]).map(
          ([a, b, c, d, e, f]) => data[positionOf(shape, [1 - f!, 2 - c!, e!, b!, d!, 2 - a!])],
        );
        expect(Array.from(copyOf(y).dataSync())).toEqual(expected);
        expect(Array.from(reshape(y, [-1]).dataSync())).toEqual(expected);
      }),
    );
  });
});
