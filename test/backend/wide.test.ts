import { expect, test } from "vitest";
import { createWasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { createDevice, deviceOf } from "../../src/tensor/device.js";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { expectRejection } from "../helpers/errors.js";
import { fnv1a } from "../helpers/fnv1a.js";
import { readNow } from "../helpers/kernel.js";
import { uniform } from "../helpers/uniform.js";

/** Around the tiles: of one to eight rows, and of 8, 16, 32 and 64 columns. */
const rows = [1, 2, 3, 5, 7, 8, 10, 11, 14, 97];
const columns = [7, 8, 9, 15, 16, 24, 31, 33, 48, 63, 64, 136];
const depths = [0, 1, 40, 301];

await forEachDevice(["wide"], "products of wide tiles", async (wide) => {
  const relaxed = await openDevice("relaxed");

  test.each([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ])("have the bits of narrow ones, with transA %i and transB %i", (transA, transB) => {
    const results = [wide, relaxed].map(({ backend }) => {
      const put = (numbers: Float32Array) => {
        const address = backend.alloc(4 * numbers.length);
        backend.write(address, numbers);
        return address;
      };
      const [a, b, bias] = [put(uniform(97 * 301, -1, 1, 1)), put(uniform(136 * 301, -1, 1, 2)), put(uniform(136, -1, 1, 3))];
      return rows.flatMap((m) =>
        columns.flatMap((n) =>
          depths.map((k) => {
            const size = m * (n + 3);
            const y = put(uniform(size, -1, 1, 4));
            const strides = { lda: transA ? m : k, ldb: transB ? k : n, ldy: n + 3, strideA: 0, strideB: 0, strideY: 0 };
            const beta = k % 2;
            const range = { begin: 0, end: m };
            const flags = { transA, transB, activation: 0, ...range, alpha: 1, beta };
            backend.dispatch("gemm", { a, b, bias: n % 2 ? bias : undefined, y, batch: 1, m, n, k, ...strides, ...flags });
            const hash = fnv1a(new Uint8Array(readNow(backend, y, size, "float32").buffer));
            backend.free(y);
            return { m, n, k, hash };
          }),
        ),
      );
    });
    expect(results[0]).toEqual(results[1]);
  });

  test("take the place of narrow ones between two calls", async () => {
    const backend = await createWasmBackend({ variant: "relaxed" });
    const device = deviceOf("wasm", backend);
    const address = backend.alloc(4);
    backend.write(address, new Float32Array([0.25]));
    expect(device.variant).toBe("relaxed");
    await backend.become("wide");
    expect([device.variant, device.info]).toEqual(["wide", "WebAssembly, relaxed SIMD in 256 bits, one thread"]);
    backend.dispatch("unary", { x: address, y: address, op: 0, n: 1, a: 2, b: 1 });
    expect(Array.from(readNow(backend, address, 1, "float32"))).toEqual([1.5]);
    device.destroy();
    await backend.become("relaxed");
    expect(() => backend.alloc(4)).toThrow("destroy");
  });
});

test("wide must be true or false", async () => {
  // @ts-expect-error: a text
  await expectRejection("value", createDevice({ wide: "yes" }), "wide", '"yes"');
});
