import { expect, test } from "vitest";
import { describeWebGpu, replay } from "./gpu.js";

await describeWebGpu("elementwise kernels", (gpu, wasm) => {
  test("fill", async () => {
    for (const n of [0, 1, 63, 64, 65, 1000]) {
      const call = { y: new Float32Array(n + 1), n, value: -2.5 };
      expect(await replay(gpu, "fill", call)).toEqual(await replay(wasm, "fill", call));
    }
  });
});
