import { beforeAll, describe } from "vitest";
import { type InitOptions, init } from "../../src/tensor/device.js";

/** Runs a suite, whose tests may await, with each device as the default: float64, baseline SIMD, and the fastest that there is. */
export function describeDefaults(name: string, suite: () => void): void {
  const choices: Record<string, InitOptions> = { reference: { device: "reference" }, simd: { deterministic: true }, auto: {} };
  for (const [choice, options] of Object.entries(choices)) {
    describe(`${name} (${choice})`, () => {
      beforeAll(async () => {
        await init(options);
      });
      suite();
    });
  }
}
