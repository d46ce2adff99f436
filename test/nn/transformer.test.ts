import { describe, expect, test } from "vitest";
import { noGrad } from "../../src/autograd/tape.js";
import { parseSafetensors } from "../../src/io/safetensors.js";
import * as nn from "../../src/nn/index.js";
import { add, concat, dropout, relu, slice, square, sum } from "../../src/ops/index.js";
import { ones, randn, tensor, zeros } from "../../src/tensor/create.js";
import { createDevice, memory, withDevice } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { expectGolden, fileBytes, loadGolden, resolve, type StateCase } from "../golden/golden.js";
import { asDefault, forEachDevice, immediate, on, startOn, variants, wasmDevice } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";
import { toInputs, toValues } from "../helpers/golden-tensors.js";
import { expectClose } from "../helpers/numbers.js";

type Layer = nn.Module & { forward(...args: unknown[]): Tensor };

const states = await loadGolden<StateCase>("transformer-states");
const files = new Map(await Promise.all(states.cases.map(async (c) => [c.file, await fileBytes(c.file)] as const)));

await forEachDevice(variants, "a state_dict of PyTorch's", (device) => {
  test.each(states.cases)("loads with its names unchanged, and comes back: $name", (c) =>
    startOn(device, async () => {
      const stored = parseSafetensors(files.get(c.file)!);
      const layer = new (nn as unknown as Record<string, new (...args: readonly unknown[]) => Layer>)[c.call]!(...c.args);
      layer.loadStateDict(stored);
      const inputs = toInputs(states.inputs(c), c.inputs);
      const y = layer.forward(...resolve<Tensor>(c.forward!, inputs));
      expect(new Set((await layer.stateDict()).keys())).toEqual(new Set(stored.keys()));
      expectGolden(await toValues(y), states.output(c, "y"));
    }),
  );
});

/** x in pieces of the given sizes, each read after the pieces before it. */
function inPieces(x: Tensor, lengths: readonly number[], read: (piece: Tensor) => Tensor): Tensor {
  let start = 0;
  const pieces = lengths.map((length) => {
    start += length;
    return read(slice(x, { axis: 1, start: start - length, end: start }));
  });
  return concat(pieces, { axis: 1 });
}

await forEachDevice([...immediate, "full webgpu"], "with a cache", (device) => {
  const pieces = [1, 3, 1, 2];
  const first = { normFirst: true, finalNorm: true, keyValueHeads: 2 };
  const rotary = { ...first, rotary: true, norm: "rms", activation: "swiglu" } as const;
  for (const [label, options] of Object.entries({ plain: {}, "norm first, grouped heads": first, "Llama's": rotary })) {
    on(device)(`an encoder reads piece by piece what it reads at once: ${label}`, async () => {
      manualSeed(1);
      const encoder = new nn.TransformerEncoder(16, 4, { numLayers: 2, dimFeedforward: 24, ...options }).eval();
      const cache = new nn.KeyValueCache({ layers: 2, rows: 3, capacity: 7, width: encoder.keyValueWidth });
      const [whole, parts] = noGrad(() => {
        const x = randn([3, 7, 16]);
        return [encoder.forward(x, { causal: true }), inPieces(x, pieces, (piece) => encoder.forward(piece, { cache }))];
      });
      expect(cache.length).toBe(7);
      expectClose(await parts.data(), await whole.data(), 1e-5);
      cache.dispose();
      encoder.dispose();
    });

    on(device)(`rows are taken once, often or never; the cache that they come from stays: ${label}`, async () => {
      manualSeed(3);
      const encoder = new nn.TransformerEncoder(16, 4, { numLayers: 2, dimFeedforward: 8, ...options }).eval();
      const cache = new nn.KeyValueCache({ layers: 2, rows: 2, capacity: 6, width: encoder.keyValueWidth });
      const more: nn.KeyValueCache[] = [];
      const [whole, parts, rest] = noGrad(() => {
        const x = randn([2, 4, 16]);
        encoder.forward(slice(x, { axis: 1, end: 3 }), { cache });
        const other = cache.select([1, 1, 0]);
        more.push(other);
        const last = slice(x, { axis: 1, start: 3 });
        const [a, b] = [slice(last, { end: 1 }), slice(last, { start: 1, end: 2 })];
        const whole = slice(encoder.forward(x, { causal: true }), { axis: 1, start: 3 });
        return [whole, encoder.forward(concat([b, b, a]), { cache: other }), encoder.forward(last, { cache })];
      });
      const expected = await whole.data();
      const [row0, row1] = [expected.subarray(0, 16), expected.subarray(16)];
      expectClose(await parts.data(), [...row1, ...row1, ...row0], 1e-5);
      expectClose(await rest.data(), expected, 1e-5);
      expect([cache.length, more[0]!.length, more[0]!.rows]).toEqual([4, 4, 3]);
      for (const used of [cache, ...more]) used.dispose();
      encoder.dispose();
    });
  }

  on(device)("prompts of different lengths share one, behind a mask of what is before them, where positions turn", async () => {
    manualSeed(4);
    const encoder = new nn.TransformerEncoder(16, 4, { numLayers: 2, dimFeedforward: 24, ...rotary }).eval();
    const cache = new nn.KeyValueCache({ layers: 2, rows: 3, capacity: 8, width: encoder.keyValueWidth });
    const before = [0, 1, 3];
    const [alone, together] = noGrad(() => {
      const x = randn([3, 8, 16]);
      const mask = tensor(
        before.flatMap((n) => Array.from({ length: 8 }, (_, s) => Number(s >= n))),
        [3, 1, 1, 8],
        { dtype: "int32" },
      );
      // The prompts end at position 5; then come tokens one by one.
      const read = (piece: Tensor) =>
        encoder.forward(piece, { cache, mask: slice(mask, { axis: 3, end: cache.length + piece.shape[1]! }) });
      const rows = before.map((n, b) =>
        encoder.forward(slice(slice(x, { start: b, end: b + 1 }), { axis: 1, start: n }), { causal: true }),
      );
      return [rows.map((y) => slice(y, { axis: 1, start: -4 })), slice(inPieces(x, [5, 1, 1, 1], read), { axis: 1, start: -4 })];
    });
    expectClose(
      await together.data(),
      (await Promise.all(alone.map((y) => y.data()))).flatMap((y) => [...y]),
      1e-5,
    );
    cache.dispose();
    encoder.dispose();
  });

  on(device)("a decoder reads piece by piece what it reads at once, also several rows beside one of the memory", async () => {
    manualSeed(2);
    const decoder = new nn.TransformerDecoder(16, 2, { numLayers: 2, dimFeedforward: 24 }).eval();
    const cache = new nn.KeyValueCache({ layers: 2, rows: 3, capacity: 9, width: 16 });
    const [whole, parts] = noGrad(() => {
      const [x, source] = [randn([3, 7, 16]), randn([1, 5, 16])];
      const projected = decoder.project(source);
      const seen = { memoryLengths: [4] };
      return [
        decoder.forward(x, concat([source, source, source]), { causal: true, memoryLengths: [4, 4, 4] }),
        inPieces(x, pieces, (piece) => decoder.forward(piece, projected, { cache, ...seen })),
      ];
    });
    expectClose(await parts.data(), await whole.data(), 1e-5);
    cache.dispose();
    decoder.dispose();
  });
});

await forEachDevice(["simd"], "a cache", (device) => {
  on(device)("takes no memory for positions that nobody reads, whatever its capacity, and doubles where it must", async () => {
    manualSeed(5);
    const encoder = new nn.TransformerEncoder(16, 4, { numLayers: 2, dimFeedforward: 24, rotary: true }).eval();
    const before = memory(device).bytes.other;
    const cache = new nn.KeyValueCache({ layers: 2, rows: 2, capacity: 2 ** 40, width: encoder.keyValueWidth });
    expect(memory(device).bytes.other - before).toBeLessThan(2 ** 16);
    const taken: nn.KeyValueCache[] = [];
    const [whole, parts, last] = noGrad(() => {
      const x = randn([2, 300, 16]);
      const whole = encoder.forward(x, { causal: true });
      const parts = inPieces(slice(x, { axis: 1, end: 299 }), [40, 30, 1, 128, 100], (piece) => encoder.forward(piece, { cache }));
      taken.push(cache.select([1]));
      return [whole, parts, encoder.forward(slice(slice(x, { axis: 1, start: 299 }), { start: 1, end: 2 }), { cache: taken[0]! })];
    });
    const expected = await whole.data();
    expectClose(await parts.data(), await noGrad(() => slice(whole, { axis: 1, end: 299 })).data(), 1e-5);
    expectClose(await last.data(), expected.slice(-16), 1e-5);
    const held = memory(device).bytes.other;
    for (const used of [cache, ...taken]) used.dispose();
    // Keys and values of 300 positions of 16 floats, in 2 layers and 3 rows, and at most as much room again.
    const least = 2 * 2 * 3 * 300 * 16 * 4;
    const freed = held - memory(device).bytes.other;
    expect(freed).toBeGreaterThanOrEqual(least);
    expect(freed).toBeLessThan(2 * least);
    encoder.dispose();
  });

  on(device)("keeps what it has where there is no memory for more", async () => {
    const small = await createDevice({ device: "wasm", memoryLimit: 2 ** 18 });
    const cache = new nn.KeyValueCache({ layers: 1, capacity: 1000, width: 256, device: small });
    const keys = (n: number) => zeros([1, n, 256], { device: small });
    noGrad(() => cache.at(0).append(keys(10), keys(10)));
    cache.advance(10);
    expectError("memory", () => noGrad(() => cache.at(0).append(keys(60), keys(60))));
    expect([cache.length, cache.read(0).k.shape]).toEqual([10, [1, 10, 256]]);
    cache.dispose();
  });
});

describe("a cache refuses", async () => {
  const device = await wasmDevice("simd");
  const make = () => {
    const encoder = new nn.TransformerEncoder(8, 2, { numLayers: 2, dimFeedforward: 8 }).eval();
    return { encoder, cache: new nn.KeyValueCache({ layers: 2, capacity: 4, width: 8 }) };
  };

  test("more positions than it has room for, and is as it was", () =>
    withDevice(device, () => {
      const { encoder, cache } = make();
      scope(() =>
        noGrad(() => {
          const x = randn([1, 4, 8]);
          encoder.forward(slice(x, { axis: 1, end: 3 }), { cache });
          const before = [...cache.read(1).k.dataSync()];
          const act = () => encoder.forward(zeros([1, 2, 8]), { cache });
          expectError("range", act, "3 positions are filled", "2 more do not fit the capacity of 4");
          expect(cache.length).toBe(3);
          expect([...cache.read(1).k.dataSync()]).toEqual(before);
          expectClose(
            encoder.forward(slice(x, { axis: 1, start: 3 }), { cache }).dataSync(),
            slice(encoder.forward(x, { causal: true }), { axis: 1, start: 3 }).dataSync(),
            1e-5,
          );
        }),
      );
    }));

  test("uses that it does not support", () =>
    withDevice(device, () => {
      const { encoder, cache } = make();
      scope(() => {
        expectError("state", () => encoder.forward(zeros([1, 2, 8]), { cache }), "no gradient flows through a cache");
        noGrad(() => {
          expectError("shape", () => encoder.forward(zeros([2, 2, 8]), { cache }), "[2, 2, 8]", "[1, T, 8]");
          const other = new nn.KeyValueCache({ layers: 3, capacity: 4, width: 8 });
          expectError("value", () => encoder.forward(zeros([1, 2, 8]), { cache: other }), "for 3 layers; there are 2");
        });
      });
      expect(cache.length).toBe(0);
      expectError("range", () => cache.select([0, 1]), "rows[1] is 1");
      expectError("range", () => new nn.KeyValueCache({ layers: 1, capacity: 0, width: 8 }), "capacity is 0");
    }));

  test("nothing of its memory to others once it is gone", () =>
    withDevice(device, () => {
      const before = memory(device).tensors;
      const { encoder, cache } = make();
      noGrad(() => scope(() => void encoder.forward(zeros([1, 2, 8]), { cache })));
      cache.select([0, 0]).dispose();
      const { k } = cache.read(0);
      cache.dispose();
      expectError("state", () => k.dataSync(), "gone");
      encoder.dispose();
      expect(memory(device).tensors).toBe(before);
    }));
});

await forEachDevice(immediate, "positions", (device) => {
  asDefault(device);

  test("are encoded by sines and cosines of falling frequency, from any offset", async () => {
    const encoding = new nn.SinusoidalPositionalEncoding(5);
    const expected = (p: number) => Array.from({ length: 5 }, (_, j) => (j % 2 ? Math.cos : Math.sin)(p / 10000 ** ((j - (j % 2)) / 5)));
    expectClose(await encoding.forward(zeros([2, 3, 5])).data(), [0, 1, 2, 0, 1, 2].flatMap(expected), 1e-6);
    expectClose(await encoding.forward(zeros([1, 2, 5]), { offset: 70 }).data(), [70, 71].flatMap(expected), 1e-6);
    expectClose(
      await encoding.forward(ones([1, 1, 5]), { offset: 2 }).data(),
      expected(2).map((y) => 1 + y),
      1e-6,
    );
    expect(encoding.parameters()).toEqual([]);
  });

  test("are learned, each by itself", async () => {
    const learned = new nn.LearnedPositionalEmbedding(6, 2);
    const x = zeros([3, 2, 2]);
    const y = learned.forward(x, { offset: 3 });
    const table = await learned.weight.data();
    expectClose(await slice(y, { start: 2 }).data(), table.subarray(6, 10), 0);
    sum(y).backward();
    expect([...(await learned.weight.grad!.data())]).toEqual([0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 0, 0]);
  });
});

await forEachDevice([...immediate, "full webgpu"], "with batch norms", (device) => {
  on(device)("an encoder's layer is its parts, each normalized over the batch in training", async () => {
    manualSeed(6);
    const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 12, dropout: 0, norm: "batch" });
    const x = randn([3, 4, 8]);
    const norm = () => new nn.BatchNorm(8);
    const attended = norm().forward(add(x, layer.self_attn.forward(x, { causal: true })));
    const fed = layer.linear2.forward(relu(layer.linear1.forward(attended)));
    const [expected, y] = [norm().forward(add(attended, fed)), layer.forward(x, { causal: true })];
    sum(square(slice(y, { axis: 2, end: 3 }))).backward();
    const gradients = Array.from(layer.namedParameters(), async ([name, p]) => [name, await p.grad?.data()] as const);
    expectClose(await y.data(), await expected.data(), 1e-5);
    for (const [name, d] of await Promise.all(gradients)) expect(d?.every(Number.isFinite), name).toBe(true);
  });

  on(device)("an encoder reads in evaluation by what it saw in training, piece by piece as at once", async () => {
    manualSeed(7);
    const encoder = new nn.TransformerEncoder(8, 2, { numLayers: 2, dimFeedforward: 12, dropout: 0, norm: "batch", finalNorm: true });
    const cache = new nn.KeyValueCache({ layers: 2, capacity: 7, width: 8 });
    const [before, whole, parts] = noGrad(() => {
      const x = randn([1, 7, 8]);
      const untrained = encoder.eval().forward(x, { causal: true });
      encoder.train().forward(randn([4, 5, 8], { mean: 2 }));
      encoder.eval();
      return [untrained, encoder.forward(x, { causal: true }), inPieces(x, [1, 3, 1, 2], (piece) => encoder.forward(piece, { cache }))];
    });
    const expected = await whole.data();
    expectClose(await parts.data(), expected, 1e-5);
    const untrained = await before.data();
    expect(Math.max(...Array.from(expected, (v, i) => Math.abs(v - untrained[i]!)))).toBeGreaterThan(0.1);
    cache.dispose();
    encoder.dispose();
  });
});

describe("bad input", async () => {
  const device = await wasmDevice("simd");
  const said = (name: string, code: Parameters<typeof expectError>[0], act: () => unknown, ...parts: string[]) =>
    test(name, () => withDevice(device, () => scope(() => expectError(code, act, ...parts))));
  const x = () => zeros([2, 5, 8]);

  said("heads that do not divide", "value", () => new nn.MultiheadAttention(10, 4), "4 heads cannot share an embedding of 10");
  said("shared heads", "value", () => new nn.MultiheadAttention(8, 4, { keyValueHeads: 3 }), "3 keyValueHeads");
  said("no heads", "range", () => new nn.MultiheadAttention(8, 0), "heads is 0");
  said("another size", "shape", () => new nn.MultiheadAttention(6, 2).forward(x()), "[2, 5, 8]", "expected [B, T, 6]");
  said(
    "a mask",
    "shape",
    () => new nn.MultiheadAttention(8, 2).forward(x(), { mask: zeros([5, 4]) }),
    "mask has shape [5, 4]",
    "[2, 2, 5, 5]",
  );
  said("lengths", "range", () => new nn.MultiheadAttention(8, 2).forward(x(), { lengths: [5, 6] }), "lengths[1] is 6");
  said(
    "half a length",
    "range",
    () => new nn.TransformerEncoder(8, 2).forward(x(), { lengths: [5, 1.5] }),
    "TransformerEncoder: lengths[1] is 1.5",
  );
  said("positions", "range", () => new nn.LearnedPositionalEmbedding(4, 8).forward(x()), "position 4 is past the table, which has 4");
  said("an offset", "range", () => new nn.LearnedPositionalEmbedding(9, 8).forward(x(), { offset: 5 }), "position 9 is past");
  said(
    "an activation",
    "value",
    () => new nn.FeedForward(4, 4, { activation: "toString" as never }),
    '"toString"',
    'there is no activation "toString"; use "relu", "gelu"',
  );
  said(
    "a norm",
    "value",
    () => new nn.TransformerEncoderLayer(8, 2, { norm: "group" as never }),
    '"group"',
    'there is no norm "group"; use "layer"',
  );
  said("no layers", "range", () => new nn.TransformerEncoder(8, 2, { numLayers: 0 }), "numLayers is 0");
  for (const name of ["dropout", "attentionDropout", "hiddenDropout"])
    said(name, "range", () => new nn.TransformerDecoderLayer(8, 2, { [name]: 2 }), `TransformerDecoderLayer: ${name} is 2`);
});

test("attention weights, hidden activations and what a part adds are dropped with the probability of each", async () => {
  const device = await wasmDevice("simd");
  await startOn(device, async () => {
    manualSeed(6);
    const [p, attentionDropout, hiddenDropout] = [0.2, 0.3, 0.4];
    const layer = new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 16, dropout: p, attentionDropout, hiddenDropout });
    const [x, memory] = [randn([2, 4, 8]), randn([2, 3, 8])];
    const attentions = [layer.self_attn, layer.multihead_attn!].map(async (attention) => {
      const copy = new nn.MultiheadAttention(8, 2, { dropout: attentionDropout });
      copy.loadStateDict(await attention.stateDict());
      return copy;
    });
    const [self, cross] = (await Promise.all(attentions)) as [nn.MultiheadAttention, nn.MultiheadAttention];
    manualSeed(7);
    const found = layer.forward(x, memory, { causal: true }).dataSync();
    manualSeed(7);
    const y = layer.norm1.forward(add(x, dropout(self.forward(x, { causal: true }), p)));
    const z = layer.norm2.forward(add(y, dropout(cross.forward(y, { key: memory }), p)));
    const hidden = dropout(relu(layer.linear1.forward(z)), hiddenDropout);
    expectClose(found, layer.norm3!.forward(add(z, dropout(layer.linear2.forward(hidden), p))).dataSync(), 1e-6);
  });
});

test("all parts of a Transformer get a gradient, and draw dropout in training alone", async () => {
  const device = await wasmDevice("simd");
  await startOn(device, async () => {
    manualSeed(5);
    const model = new nn.Transformer(8, 2, { numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 16, dropout: 0.5 });
    const [source, target] = [randn([2, 4, 8]), randn([2, 3, 8])];
    const run = () => [...model.forward(source, target, { causal: true }).dataSync()];
    expect(run()).not.toEqual(run());
    model.eval();
    expect(run()).toEqual(run());
    sum(slice(model.forward(source, target), { axis: 2, end: 3 })).backward();
    for (const [name, p] of model.namedParameters())
      expect(
        p.grad?.dataSync().some((d) => d !== 0),
        name,
      ).toBe(true);
  });
});
