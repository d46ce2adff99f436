import { expect, test } from "vitest";
import { toTensorValue } from "../../src/io/dtypes.js";
import { expectError } from "../helpers/errors.js";

test("toTensorValue makes float32 or int32 of anything", () => {
  const shape = [2];
  const float32 = { dtype: "float32", shape, data: new Float32Array([1, -2.5]) } as const;
  const int32 = { dtype: "int32", shape, data: new Int32Array([1, 2]) } as const;
  expect(toTensorValue("x", float32)).toEqual(float32);
  expect(toTensorValue("x", { dtype: "float64", shape, data: new Float64Array([1, -2.5]) })).toEqual(float32);
  expect(toTensorValue("x", int32)).toEqual(int32);
  expect(toTensorValue("x", { dtype: "int64", shape, data: new BigInt64Array([1n, 2n]) })).toEqual(int32);
  expect(toTensorValue("x", { dtype: "uint64", shape, data: new BigUint64Array([1n, 2n]) })).toEqual(int32);
  expect(toTensorValue("x", { dtype: "uint8", shape, data: new Uint8Array([1, 2]) })).toEqual(int32);
  const ends = new BigInt64Array([-(2n ** 31n), 2n ** 31n - 1n]);
  expect(toTensorValue("x", { dtype: "int64", shape, data: ends }).data).toEqual(new Int32Array([-(2 ** 31), 2 ** 31 - 1]));
});

test.each([2n ** 31n, -(2n ** 31n) - 1n, 2n ** 32n, 2n ** 62n])("%d is not an int32", (n) => {
  expectError(
    "format",
    () => toTensorValue("x", { dtype: "int64", shape: [2], data: new BigInt64Array([0n, n]) }),
    '"x"',
    "element 1",
    `${n}`,
  );
});

test("nor is a uint32 beyond it", () => {
  expectError("format", () => toTensorValue("x", { dtype: "uint32", shape: [1], data: new Uint32Array([2 ** 32 - 1]) }), "4294967295");
});
