import { expect } from "vitest";
import { tensor } from "../../src/tensor/create.js";
import { memory } from "../../src/tensor/device.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";

await forEachDevice(immediate, "data for a tensor", (device) => {
  const it = on(device);
  const bad: Record<string, unknown> = {
    text: "abc",
    "a length": { length: 3 },
    null: null,
    bigints: new BigInt64Array(3),
    bytes: new DataView(new ArrayBuffer(3)),
    "a text among numbers": [1, "2", 3],
    "a bigint among numbers": [1, 2n, 3],
    "a hole": Object.assign(new Array(3), { 0: 1, 2: 3 }),
  };
  for (const [what, data] of Object.entries(bad)) {
    it(`that hold ${what} are refused, and nothing is written or made`, () => {
      const x = tensor([4, 5, 6]);
      const before = memory();
      expectError("value", () => x.write(data as number[]), "write: ");
      expectError("value", () => tensor(data as number[], [3], { dtype: "float32" }), "tensor: ");
      expect(memory()).toEqual(before);
      expect([...x.dataSync()]).toEqual([4, 5, 6]);
    });
  }

  it("of another count, or with a bad number at the end, leave it as it was", () => {
    const [x, i] = [tensor([1, 2, 3]), tensor(Int32Array.of(7, 8, 9))];
    const before = memory();
    for (const data of [[1, 2], new Float32Array(400)])
      expectError("shape", () => x.write(data), `write: ${data.length} values do not fill the shape [3], which holds 3`);
    expectError("range", () => i.write([1, 2, 0.5]), "write: number 2 is 0.5");
    expectError("range", () => tensor([1, 2, 2 ** 31], [3], { dtype: "int32" }), "tensor: number 2 is 2147483648");
    expect(memory()).toEqual(before);
    expect([...x.dataSync(), ...i.dataSync()]).toEqual([1, 2, 3, 7, 8, 9]);
  });
});
