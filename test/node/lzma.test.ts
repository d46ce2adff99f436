import { readFile } from "node:fs/promises";
import fc from "fast-check";
// @ts-expect-error: it comes without types.
import lzma from "lzma";
import { describe, expect, it } from "vitest";
import relaxed from "../../src/backend/wasm/generated/relaxed.js";
import simd from "../../src/backend/wasm/generated/simd.js";
import { unpackLzma } from "../../src/backend/wasm/lzma.js";

type Compress = (bytes: Uint8Array, level: number, done: (out: number[], error?: Error) => void) => void;
const { compress } = lzma as { compress: Compress };

const pack = (bytes: Uint8Array) =>
  new Promise<Uint8Array>((resolve, reject) =>
    compress(bytes, 9, (out, error) => (error ? reject(error) : resolve(Uint8Array.from(out, (byte) => byte & 255)))),
  );

async function expectRoundTrip(bytes: Uint8Array): Promise<void> {
  expect(unpackLzma(await pack(bytes))).toEqual(bytes);
}

describe("unpackLzma", () => {
  it.each(Object.entries({ relaxed, simd }))("unpacks the embedded kernels, variant %s", async (variant, base64) => {
    const unpacked = unpackLzma(Buffer.from(base64, "base64"));
    expect(Buffer.compare(unpacked, await readFile(`build/${variant}.wasm`))).toBe(0);
  });

  it("gives back bytes with repetitions near and far", async () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.record({ byte: fc.nat(255), times: fc.integer({ min: 1, max: 700 }) }).map(({ byte, times }) => new Uint8Array(times).fill(byte)),
    );
    const texts = fc.record({ parts: fc.array(part, { minLength: 1, maxLength: 6 }), order: fc.array(fc.nat(5), { maxLength: 200 }) });
    await fc.assert(
      fc.asyncProperty(texts, ({ parts, order }) => {
        const all = [...parts, ...order.map((i) => parts[i % parts.length]!)];
        return expectRoundTrip(Uint8Array.from(all.flatMap((bytes) => [...bytes])));
      }),
      { numRuns: 30 },
    );
  });

  it("gives back random bytes, and their copy from far away", async () => {
    let seed = 1;
    const random = Uint8Array.from({ length: 6_000 }, () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed >>> 24;
    });
    await expectRoundTrip(Uint8Array.from([...random, ...random]));
  });
});
