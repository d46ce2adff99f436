import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { type Device, withDevice } from "../../src/tensor/device.js";
import { defaultGenerator } from "../../src/tensor/random.js";
import {
  type AttentionInput,
  type AttentionSizes,
  attentionReference,
  attentionReferenceBackward,
} from "../helpers/attention-reference.js";
import { forEachDevice, immediate, wasmDevice } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";
import { expectClose, normals } from "../helpers/numbers.js";

type Kind = "causal" | "offset" | "lengths" | "additive" | "boolean" | "both" | "hidden" | "grouped" | "dropout" | "scale";

/** [B, N, T, S, D, E] and what the call has. */
const cases: [AttentionSizes, Kind[]][] = [
  [{ B: 1, N: 1, K: 1, T: 1, S: 1, D: 1, E: 1 }, []],
  [{ B: 2, N: 3, K: 3, T: 5, S: 7, D: 4, E: 6 }, []],
  [{ B: 2, N: 2, K: 2, T: 6, S: 6, D: 8, E: 8 }, ["causal"]],
  [{ B: 1, N: 2, K: 2, T: 3, S: 8, D: 5, E: 3 }, ["causal", "offset", "scale"]],
  [{ B: 4, N: 4, K: 2, T: 5, S: 6, D: 4, E: 4 }, ["lengths", "grouped"]],
  [{ B: 3, N: 4, K: 1, T: 4, S: 5, D: 3, E: 8 }, ["grouped", "causal", "lengths", "additive"]],
  [{ B: 2, N: 2, K: 2, T: 5, S: 9, D: 8, E: 4 }, ["boolean"]],
  [{ B: 2, N: 2, K: 2, T: 4, S: 4, D: 8, E: 4 }, ["hidden", "scale"]],
  [{ B: 3, N: 2, K: 1, T: 4, S: 6, D: 4, E: 3 }, ["both", "causal", "offset", "lengths", "grouped"]],
  [{ B: 2, N: 2, K: 1, T: 9, S: 9, D: 4, E: 4 }, ["dropout", "causal", "grouped"]],
];

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** An array [B, heads, T, D] with its heads side by side. */
function sideBySide(x: ArrayLike<number>, [_B, heads, T, D]: readonly [number, number, number, number]): number[] {
  return Array.from({ length: x.length }, (_, i) => {
    const [d, n, t, b] = [i % D, Math.floor(i / D) % heads, Math.floor(i / (D * heads)) % T, Math.floor(i / (D * heads * T))];
    return x[((b * heads + n) * T + t) * D + d]!;
  });
}

function draw(size: AttentionSizes, kinds: Kind[], seed: number) {
  const { B, N, K, T, S, D, E } = size;
  const has = (kind: Kind) => kinds.includes(kind);
  const shapes = { q: [B, N, T, D], k: [B, K, S, D], v: [B, K, S, E], y: [B, N, T, E] } as const;
  const [q, k, v, dy] = Object.values(shapes).map((shape, i) => normals(sizeOf(shape), seed * 8 + i));
  const random = normals(sizeOf([B, N, T, S]), seed * 8 + 4);
  let bias: number[] | undefined;
  let mask: sg.Tensor | undefined;
  let added: sg.Tensor | undefined;
  if (has("additive")) {
    // One row for all heads.
    const rows = random.slice(0, B * T * S);
    added = sg.tensor(Array.from(rows), [B, 1, T, S]);
    bias = Array.from(random, (_, i) => rows[Math.floor(i / (N * T * S)) * T * S + (i % (T * S))]!);
  } else if (has("boolean")) {
    const seen = Array.from(random.slice(0, T * S), (x) => Number(x > 0));
    seen.fill(0, S, 2 * S); // the second query sees nothing
    mask = sg.tensor(seen, [T, S], { dtype: "int32" });
    bias = Array.from(random, (_, i) => (seen[i % (T * S)] ? 0 : Number.NEGATIVE_INFINITY));
  } else if (has("both")) {
    // A comparison, float32, of each row of the batch, and a bias of each head.
    const seen = Array.from(random.slice(0, B * S), (x) => Number(x > -0.5));
    const rows = Array.from(random.slice(B * S, B * S + N * T * S));
    rows[0] = Number.NEGATIVE_INFINITY;
    mask = sg.tensor(seen, [B, 1, 1, S]);
    added = sg.tensor(rows, [N, T, S]);
    bias = Array.from(random, (_, i) =>
      seen[Math.floor(i / (N * T * S)) * S + (i % S)] ? rows[i % (N * T * S)]! : Number.NEGATIVE_INFINITY,
    );
  } else if (has("hidden")) {
    const rows = Array.from(random.slice(0, N * S), (x) => (x > 0.5 ? Number.NEGATIVE_INFINITY : x));
    rows.fill(Number.NEGATIVE_INFINITY, 0, S); // the first head sees nothing
    added = sg.tensor(rows, [N, 1, S]);
    bias = Array.from(random, (_, i) => rows[(Math.floor(i / (T * S)) % N) * S + (i % S)]!);
  }
  const lengths = has("lengths") ? Int32Array.from({ length: B }, (_, b) => (b === 0 ? 0 : 1 + ((b * 3) % S))) : undefined;
  const offset = has("causal") ? (has("offset") ? S - T : 0) : undefined;
  const scale = has("scale") ? 0.7 : undefined;
  const p = has("dropout") ? 0.3 : 0;
  const dropout = p > 0 ? { ...defaultGenerator().state, p } : undefined;
  const input: AttentionInput = { ...size, q: q!, k: k!, v: v!, bias, lengths, offset, scale, dropout };
  const options = {
    causal: offset !== undefined,
    offset,
    lengths: lengths && sg.tensor(lengths),
    mask,
    bias: added,
    scale,
    dropout: p,
  };
  return { input, options, dy: dy!, shapes };
}

const float = (data: ArrayLike<number>, shape: readonly number[]) => sg.tensor(Array.from(data), shape, { requiresGrad: true });
const flat = (x: ArrayLike<number>, [B, n, T, D]: readonly number[]) => float(sideBySide(x, [B!, n!, T!, D!]), [B!, T!, n! * D!]);
const clear = () => sg.manualSeed(3);

/** Fails unless a gradient is that of the reference, with heads side by side. */
function expectGradient(x: sg.Tensor, expected: ArrayLike<number>, shape: readonly number[], what: string): void {
  expectClose(x.grad!.dataSync(), sideBySide(expected, shape as [number, number, number, number]), 1e-5, what);
}

await forEachDevice(immediate, "attention", (device: Device) => {
  const each = cases.map(([size, kinds], i) => ({ size, kinds, seed: i + 1, name: `${JSON.stringify(size)} ${kinds.join(" ")}` }));

  test.each(each)("forward and backward, heads side by side: $name", ({ size, kinds, seed }) => {
    withDevice(device, () =>
      sg.scope(() => {
        clear();
        const { input, options, dy, shapes } = draw(size, kinds, seed);
        const { N: heads, K: keyValueHeads } = size;
        const [q, k, v] = (["q", "k", "v"] as const).map((name) => flat(input[name], shapes[name])) as [sg.Tensor, sg.Tensor, sg.Tensor];
        const y = sg.attention(q, k, v, { ...options, heads, keyValueHeads });
        expectClose(y.dataSync(), sideBySide(attentionReference(input).y, shapes.y), 1e-5, "y");
        y.backward(flat(dy, shapes.y));
        const { dq, dk, dv } = attentionReferenceBackward(input, dy);
        expectGradient(q, dq, shapes.q, "dq");
        expectGradient(k, dk, shapes.k, "dk");
        expectGradient(v, dv, shapes.v, "dv");
      }),
    );
  });

  test.each(each)("with heads apart, as one packed tensor, and as views: $name", ({ size, kinds, seed }) => {
    withDevice(device, () =>
      sg.scope(() => {
        clear();
        const { input, options, dy, shapes } = draw(size, kinds, seed);
        const { B, N: heads, K: keyValueHeads, T, S, D, E } = size;
        const names = ["q", "k", "v"] as const;
        const [q, k, v] = names.map((name) => float(input[name], shapes[name])) as [sg.Tensor, sg.Tensor, sg.Tensor];
        const y = sg.scaledDotProductAttention(q, k, v, options);
        expect(y.shape).toEqual([B, heads, T, E]);
        expectClose(y.dataSync(), attentionReference(input).y, 1e-5, "y");
        y.backward(float(dy, shapes.y));
        const { dq, dk, dv } = attentionReferenceBackward(input, dy);
        expectClose(q.grad!.dataSync(), dq, 1e-5, "dq");
        expectClose(k.grad!.dataSync(), dk, 1e-5, "dk");
        expectClose(v.grad!.dataSync(), dv, 1e-5, "dv");
        if (T !== S || D !== E) return;

        clear();
        const parts = names.map((name) => flat(input[name], shapes[name]));
        const qkv = sg.concat(parts, { axis: 2 }).detach();
        qkv.requiresGrad = true;
        const packed = sg.selfAttention(qkv, { ...options, heads, keyValueHeads });
        expectClose(packed.dataSync(), sideBySide(attentionReference(input).y, shapes.y), 1e-5, "packed y");
        packed.backward(flat(dy, shapes.y));
        const whole = sg.concat([flat(dq, shapes.q), flat(dk, shapes.k), flat(dv, shapes.v)], { axis: 2 });
        expectClose(qkv.grad!.dataSync(), whole.dataSync(), 1e-5, "dqkv");

        clear();
        qkv.grad = undefined;
        const views = sg.split(qkv, [heads * D, keyValueHeads * D, keyValueHeads * D], { axis: 2 }) as [sg.Tensor, sg.Tensor, sg.Tensor];
        const viewed = sg.attention(...views, { ...options, heads, keyValueHeads });
        expectClose(viewed.dataSync(), packed.dataSync(), 1e-6, "y of views");
        viewed.backward(flat(dy, shapes.y));
        expectClose(qkv.grad!.dataSync(), whole.dataSync(), 1e-5, "gradient of views");
      }),
    );
  });

  test.each(each)("with weights, and a gradient for the bias: $name", ({ size, kinds, seed }) => {
    withDevice(device, () =>
      sg.scope(() => {
        clear();
        const { input, options, dy, shapes } = draw(size, kinds, seed);
        const { N: heads, K: keyValueHeads, B, T, S } = size;
        const full = [B, heads, T, S];
        const [q, k, v] = (["q", "k", "v"] as const).map((name) => flat(input[name], shapes[name])) as [sg.Tensor, sg.Tensor, sg.Tensor];
        const all = { ...options, heads, keyValueHeads };
        if (options.bias) options.bias.requiresGrad = true;
        const { weights: expected, y } = attentionReference(input);
        const alone = sg.attentionWeights(q, k, all);
        expect(alone.shape).toEqual(full);
        expectClose(alone.dataSync(), expected, 1e-5, "weights");
        const { output, weights } = sg.attentionWithWeights(q, k, v, all);
        expectClose(output.dataSync(), sideBySide(y, shapes.y), 1e-5, "output");
        // After dropout a weight is what it was, grown, or 0.
        const dW = normals(expected.length, seed + 100);
        if (!input.dropout) expectClose(weights.dataSync(), expected, 1e-5, "weights beside the output");
        const upstream = sg.tensor(Array.from(dW), full);
        const loss = sg.add(sg.sum(sg.mul(output, flat(dy, shapes.y))), sg.sum(sg.mul(alone, upstream)));
        loss.backward();
        const { dq, dk, dv, dBias } = attentionReferenceBackward(input, dy, dW);
        expectGradient(q, dq, shapes.q, "dq");
        expectGradient(k, dk, shapes.k, "dk");
        expectGradient(v, dv, shapes.v, "dv");
        if (options.bias) {
          const { shape } = options.bias;
          const gradient = new Float64Array(sizeOf(shape));
          const own = [1, 1, 1, 1].map((_, i) => shape[i - 4 + shape.length] ?? 1);
          dBias.forEach((d, i) => {
            const index = [Math.floor(i / (heads * T * S)), Math.floor(i / (T * S)) % heads, Math.floor(i / S) % T, i % S];
            gradient[index.reduce((at, j, axis) => at * own[axis]! + (own[axis] === 1 ? 0 : j), 0)]! += d;
          });
          expectClose(options.bias.grad!.dataSync(), gradient, 1e-5, "gradient of the bias");
          // The output alone, through attention(), which cannot use its kernels then.
          clear();
          options.bias.grad = undefined;
          const again = sg.attention(q, k, v, all);
          expectClose(again.dataSync(), output.dataSync(), 1e-6, "output without weights");
          again.backward(flat(dy, shapes.y));
          expect(options.bias.grad).toBeDefined();
        }
      }),
    );
  });

  test("is an average where all scores are equal, and 0 in eval mode of dropout 1", () => {
    withDevice(device, () =>
      sg.scope(() => {
        const v = sg.tensor([1, 2, 3, 4, 5, 6], [1, 3, 2]);
        const x = sg.zeros([1, 3, 2]);
        expectClose(sg.attention(x, x, v, { heads: 1 }).dataSync(), [3, 4, 3, 4, 3, 4], 1e-6);
        expectClose(sg.attention(x, x, v, { heads: 1, dropout: 1, training: false }).dataSync(), [3, 4, 3, 4, 3, 4], 1e-6);
        expect(Array.from(sg.attention(x, x, v, { heads: 1, dropout: 1 }).dataSync())).toEqual([0, 0, 0, 0, 0, 0]);
      }),
    );
  });

  test("lets NaN through, and keeps what it cannot see out", () => {
    withDevice(device, () =>
      sg.scope(() => {
        const x = sg.ones([1, 2, 2]);
        const broken = sg.tensor([1, 1, Number.NaN, 1], [1, 2, 2]);
        expect(Array.from(sg.attention(x, broken, x, { heads: 1 }).dataSync())).toEqual([NaN, NaN, NaN, NaN]);
        const causal = Array.from(sg.attention(x, broken, x, { heads: 1, causal: true }).dataSync());
        expect(causal).toEqual([1, 1, NaN, NaN]);
      }),
    );
  });

  test("refuses what does not fit, and draws nothing then", () => {
    withDevice(device, () =>
      sg.scope(() => {
        const f = (...shape: number[]) => sg.zeros(shape);
        const i = (data: number[], shape = [data.length]) => sg.tensor(data, shape, { dtype: "int32" });
        const before = defaultGenerator().state;
        const x = f(2, 3, 8);
        const attend = (options: Partial<sg.AttentionOptions>) => () => sg.attention(x, x, x, { heads: 2, dropout: 0.5, ...options });
        expectError("range", attend({ heads: 0 }), "attention: heads is 0");
        expectError("range", attend({ keyValueHeads: 1.5 }), "attention: keyValueHeads is 1.5");
        expectError("value", attend({ keyValueHeads: 3 }), "attention: 2 heads cannot share 3 keyValueHeads evenly");
        expectError("range", attend({ causal: true, offset: -1 }), "attention: offset is -1");
        expectError("value", attend({ offset: 2 }), "attention: an offset of 2 means nothing without causal");
        expectError("range", attend({ dropout: 1.5 }), "attention: dropout is 1.5");
        expectError("value", attend({ scale: Number.NaN }), "attention: scale is NaN");
        expectError("shape", attend({ heads: 3 }), "attention: q has shape [2, 3, 8]; expected a last dimension that 3 heads share evenly");
        expectError("shape", attend({ keyValueHeads: 1 }), "attention: k has shape [2, 3, 8]; expected [2, 3, 4] for q [2, 3, 8]");
        expectError(
          "shape",
          attend({ mask: f(3, 4) }),
          "attention: mask has shape [3, 4]; expected what broadcasts to [B, N, T, S] = [2, 2, 3, 3]",
        );
        expectError("shape", attend({ mask: f(1, 1, 1, 3, 3) }), "attention: mask has shape [1, 1, 1, 3, 3]");
        expectError("shape", attend({ lengths: i([1, 2, 3]) }), "attention: lengths has shape [3]; expected [2]");
        expectError("dtype", attend({ lengths: f(2) }), "attention: lengths are float32; expected int32.");
        expectError("range", attend({ lengths: i([3, 4]), dropout: 0 }), "attention: lengths[1] is 4; expected a number from 0 to 3.");
        expectError("range", attend({ lengths: i([-1, 4]), dropout: 0 }), "attention: lengths[0] is -1; expected a number from 0 to 3.");
        const one = { heads: 1, dropout: 0.5 };
        expectError("value", () => sg.attention(x, x, undefined as never, one), "attention: v is undefined, not a tensor");
        expectError("shape", () => sg.attention(x, x, f(2, 4, 8), one), "attention: v has shape [2, 4, 8]; expected [2, 3, 8]");
        expectError("shape", () => sg.attention(x, f(2, 3, 7), x, one), "attention: k has shape [2, 3, 7]; expected [2, 3, 8]");
        expectError("shape", () => sg.attention(x, x, f(2, 3, 9), { ...one, heads: 2 }), "attention: v has shape [2, 3, 9]");
        expectError("shape", () => sg.attention(f(3, 8), x, x, one), "attention: q has shape [3, 8]; expected [B, T, heads side by side]");
        expectError("shape", () => sg.attention(f(2, 0, 8), x, x, one), "attention: q has shape [2, 0, 8]; expected at least 1");
        expectError("dtype", () => sg.attention(x, i(Array(48).fill(0), [2, 3, 8]), x, one), "attention: k is int32; expected float32.");
        expectError(
          "shape",
          () => sg.selfAttention(x, one),
          "selfAttention: qkv has shape [2, 3, 8]; expected a last dimension that 3 heads",
        );
        const y = f(2, 4, 3, 5);
        const apart = { dropout: 0.5 };
        expectError("shape", () => sg.scaledDotProductAttention(y, x, x, apart), "scaledDotProductAttention: k has shape [2, 3, 8]");
        expectError("value", () => sg.scaledDotProductAttention(y, f(2, 3, 3, 5), y, apart), "4 heads cannot share 3");
        expectError(
          "shape",
          () => sg.scaledDotProductAttention(y, y, f(2, 1, 3, 5), apart),
          "v has shape [2, 1, 3, 5]; expected [2, 4, 3, 5]",
        );
        expectError("shape", () => sg.attentionWeights(x, f(1, 3, 8), { heads: 2 }), "attentionWeights: k has shape [1, 3, 8]");
        expect(defaultGenerator().state).toEqual(before);
      }),
    );
  });
});

test("a step of decoding reads keys and values where they lie in a cache", async () => {
  const device = await wasmDevice("simd");
  withDevice(device, () =>
    sg.scope(() => {
      const cache = sg.randn([2, 20, 2 * 8]);
      const [k, v] = sg.split(sg.slice(cache, { axis: 1, end: 7 }), 8, { axis: 2 }) as [sg.Tensor, sg.Tensor];
      const q = sg.randn([2, 1, 8]);
      const expected = sg.attention(q, sg.copyOf(k), sg.copyOf(v), { heads: 2, causal: true, offset: 6 }).dataSync();
      const called: string[] = [];
      const { backend } = device;
      const dispatch = backend.dispatch.bind(backend);
      backend.dispatch = (kernel, call) => {
        called.push(kernel);
        return dispatch(kernel, call);
      };
      const y = sg.attention(q, k, v, { heads: 2, causal: true, offset: 6 });
      expect(called).toEqual(["attentionForward"]);
      expect(y.dataSync()).toEqual(expected);
    }),
  );
});

test("memory grows with T and not with its square, to 4,096", async () => {
  const bytes: number[] = [];
  for (const T of [512, 4096]) {
    const device = await wasmDevice("simd");
    withDevice(device, () => {
      const qkv = sg.randn([1, T, 24], { requiresGrad: true });
      const before = device.backend.memory().inUse;
      sg.scope(() => sg.sum(sg.selfAttention(qkv, { heads: 1, causal: true, dropout: 0.1 })).backward());
      bytes.push(device.backend.memory().peak - before);
    });
  }
  const [short, long] = bytes as [number, number];
  expect(long).toBeLessThanOrEqual(8 * short);
  // A matrix of weights would take 64 MiB.
  expect(long).toBeLessThan(2 * 2 ** 20);
});
