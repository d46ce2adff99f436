import { describe } from "vitest";
import { createWasmBackend, detectVariant, type WasmBackend, type WasmVariant } from "../../src/backend/wasm/wasm-backend.js";

/** Runs a suite once for each WebAssembly variant; skips `relaxed` where the runtime lacks it. */
export async function describeVariants(name: string, suite: (backend: WasmBackend) => void): Promise<void> {
  const best = await detectVariant();
  for (const variant of ["simd", "relaxed"] satisfies WasmVariant[]) {
    if (variant === "relaxed" && best !== "relaxed") {
      describe.skip(`${name} (relaxed: this runtime has no relaxed SIMD)`, () => suite(undefined as never));
      continue;
    }
    const backend = await createWasmBackend({ variant });
    describe(`${name} (${variant})`, () => suite(backend));
  }
}
