import fc from "fast-check";
import { normals } from "./numbers.js";

type Shape = readonly number[];

/** Every index of a shape, in row-major order. */
export function indicesOf(shape: Shape): number[][] {
  return shape.reduce<number[][]>((all, n) => all.flatMap((index) => Array.from({ length: n }, (_, i) => [...index, i])), [[]]);
}

/** Where an element stands in row-major order. An index may be longer than the shape, whose dimensions of 1 repeat: broadcasting. */
export function positionOf(shape: Shape, index: Shape): number {
  const own = index.slice(index.length - shape.length);
  return shape.reduce((position, n, i) => position * n + (n === 1 ? 0 : own[i]!), 0);
}

export const sizeOf = (shape: Shape) => shape.reduce((a, b) => a * b, 1);

/** Shapes of some rank and small dimensions; now and then one is 0. */
export const shapes = (maxRank: number, least = 0): fc.Arbitrary<number[]> =>
  fc.array(
    fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 1, max: 4 }) }, { weight: least === 0 ? 1 : 0, arbitrary: fc.constant(0) }),
    {
      maxLength: maxRank,
    },
  );

/** A shape, and two that broadcast to it together. */
export const broadcastPairs = (maxRank: number): fc.Arbitrary<{ shape: number[]; a: number[]; b: number[] }> =>
  fc
    .tuple(shapes(maxRank), fc.array(fc.integer({ min: 0, max: 3 }), { minLength: maxRank, maxLength: maxRank }), fc.nat(maxRank))
    .map(([shape, masks, drop]) => {
      const a = shape.map((n, i) => (masks[i] === 0 ? 1 : n));
      const b = shape.map((n, i) => (masks[i] === 1 ? 1 : n)).slice(Math.min(drop, shape.length));
      const lead = shape.length - b.length;
      return { shape: shape.map((n, i) => (i < lead ? a[i]! : n)), a, b };
    });

/** Numbers for a shape, the same for the same seed. */
export const numbersFor = (shape: Shape, seed: number) => normals(sizeOf(shape), seed);
