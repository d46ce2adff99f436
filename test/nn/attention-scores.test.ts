import { expect, test } from "vitest";
import * as nn from "../../src/nn/index.js";
import { concat, slice } from "../../src/ops/index.js";
import { ones, tensor, zeros } from "../../src/tensor/create.js";
import { memory, withDevice } from "../../src/tensor/device.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";
import { expectClose, normals } from "../helpers/numbers.js";
import { gradientsOf, lossOf, random } from "../helpers/recurrent-layers.js";

const [B, T, S, Q, K] = [3, 4, 6, 5, 7];

type Layer = nn.AdditiveAttention | nn.DotAttention | nn.GeneralAttention;
const filled = <L extends Layer>(layer: L): L => {
  for (const [i, p] of layer.parameters().entries()) p.write(normals(p.size, 50 + i, 0, 0.5));
  return layer;
};
const layers: Record<string, [make: () => Layer, query: number]> = {
  AdditiveAttention: [() => filled(new nn.AdditiveAttention(Q, K, 8, { bias: true })), Q],
  DotAttention: [() => new nn.DotAttention({ scale: 0.3 }), K],
  GeneralAttention: [() => filled(new nn.GeneralAttention(Q, K)), Q],
};
const choices: Record<string, nn.AttendOptions> = {
  "all keys": {},
  lengths: { lengths: [6, 0, 3] },
  "a window": { window: 3 },
  "a window and lengths": { window: 5, lengths: [2, 6, 4], positions: 1 },
};

await forEachDevice(immediate, "a decoder that goes step by step attends as one that has all queries:", (device) => {
  const it = on(device);
  for (const [name, [make, querySize]] of Object.entries(layers)) {
    for (const [choice, options] of Object.entries(choices)) {
      it(`${name}, ${choice}`, () => {
        const layer = make();
        const [queries, keys] = [random([B, T, querySize], 1), random([B, S, K], 2)];
        const whole = () => layer.forward(queries, keys, options);
        const stepped = () => {
          const source = layer.project(keys);
          const first = (options.positions as number) ?? 0;
          const steps = Array.from({ length: T }, (_, t) =>
            layer.forward(slice(queries, { axis: 1, start: t, end: t + 1 }), source, { ...options, positions: first + t }),
          );
          const join = (which: keyof nn.Attended) =>
            concat(
              steps.map((step) => step[which]),
              { axis: 1 },
            );
          return { context: join("context"), weights: join("weights") };
        };
        const values = ({ context, weights }: nn.Attended) => [context, weights].map((y) => Array.from(y.dataSync()));
        const [expected, actual] = [values(whole()), values(stepped())];
        for (const i of [0, 1]) expectClose(actual[i]!, expected[i]!, 1e-6);

        const leaves = [queries, keys, ...layer.parameters()];
        const loss = ({ context, weights }: nn.Attended) => lossOf([context, weights]);
        const gradients = gradientsOf(() => loss(whole()), leaves);
        const got = gradientsOf(() => loss(stepped()), leaves);
        for (const [i, gradient] of got.entries()) expectClose(gradient, gradients[i]!, 2e-6, `gradient ${i}`);
        expect(gradients.every((gradient) => gradient.some((v) => v !== 0))).toBe(true);
      });
    }
  }
});

await forEachDevice(immediate, "attention layers", (device) => {
  const it = on(device);
  const forward = (layer: Layer, querySize: number, options?: nn.AttendOptions) =>
    layer.forward(random([B, T, querySize], 1), random([B, S, K], 2), options);
  const numbers = (y: Tensor) => Array.from(y.dataSync());

  it("weigh what is visible by numbers that add up to 1, and nothing by 0", () => {
    for (const [make, querySize] of Object.values(layers)) {
      const { context, weights } = forward(make(), querySize, { lengths: [6, 0, 3], window: 3 });
      const w = numbers(weights);
      for (let row = 0; row < B * T; row++) {
        const [b, i] = [Math.floor(row / T), row % T];
        const sum = w.slice(row * S, (row + 1) * S).reduce((x, y) => x + y);
        for (let j = 0; j < S; j++) {
          const visible = j < [6, 0, 3][b]! && Math.abs(i - j) <= 1;
          expect(w[row * S + j]! > 0).toBe(visible);
        }
        expect(sum).toBeCloseTo(b === 1 ? 0 : 1, 6);
      }
      expect(numbers(context).slice(T * K, 2 * T * K)).toEqual(new Array(T * K).fill(0));
    }
  });

  it("take lengths and positions as numbers or as tensors", () => {
    for (const [make, querySize] of Object.values(layers)) {
      const layer = make();
      const bare = forward(layer, querySize, { lengths: [6, 1, 3], window: 3, positions: 2 });
      const lengths = tensor(Int32Array.of(6, 1, 3));
      const positions = tensor(
        Int32Array.from({ length: B * T }, (_, i) => 2 + (i % T)),
        [B, T],
      );
      const given = forward(layer, querySize, { lengths, window: 3, positions });
      for (const which of ["context", "weights"] as const) expect(numbers(given[which])).toEqual(numbers(bare[which]));
    }
  });

  it("are related: the general score with the identity is the dot product", () => {
    const [general, dot] = [new nn.GeneralAttention(K, K, { scale: 0.5 }), new nn.DotAttention({ scale: 0.5 })];
    nn.init.identity(general.key.weight);
    expectClose(numbers(forward(general, K).weights), numbers(forward(dot, K).weights), 1e-6);
  });

  it("name their parameters, and start them small", () => {
    const additive = new nn.AdditiveAttention(Q, K, 16, { bias: true });
    expect(Array.from(additive.namedParameters(), ([name]) => name).sort()).toEqual(["key.bias", "key.weight", "query.weight", "v"]);
    expect(Math.max(...numbers(additive.v).map(Math.abs))).toBeLessThanOrEqual(0.25);
    expect(Array.from(new nn.GeneralAttention(Q, K).namedParameters(), ([name, p]) => [name, p.shape])).toEqual([["key.weight", [Q, K]]]);
    expect(new nn.DotAttention().parameters()).toEqual([]);
  });

  it("refuse what does not fit", () => {
    expectError("range", () => new nn.AdditiveAttention(Q, K, 0), "AdditiveAttention: attentionSize is 0");
    expectError("range", () => new nn.GeneralAttention(0, K), "GeneralAttention: querySize is 0");
    expectError("value", () => new nn.DotAttention({ scale: Number.NaN }), "DotAttention: scale is NaN");
    const [query, keys] = [zeros([B, T, Q]), zeros([B, S, K])];
    const additive = new nn.AdditiveAttention(Q, K, 8);
    expectError("shape", () => additive.forward(zeros([B, Q]), keys), "AdditiveAttention: the query", "[3, 5]", "[B, T, Q]");
    expectError("shape", () => additive.forward(query, zeros([B, K])), "AdditiveAttention: the keys", "[3, 7]", "[B, S, K]");
    expectError("shape", () => additive.forward(zeros([1, T, Q]), keys), "the query [1, 4, 5], the keys [3, 6, 7]", "same batch");
    expectError("value", () => additive.forward(1 as unknown as Tensor, keys), "the query: no tensor");
    expectError("shape", () => additive.forward(zeros([B, T, 2]), keys), "must end in 5");
    expectError("shape", () => new nn.DotAttention().forward(query, keys), "DotAttention: got the query [3, 4, 5]", "of size 7");
    for (const [make, querySize] of Object.values(layers)) {
      const layer = make();
      const call = (options: nn.AttendOptions) => () => forward(layer, querySize, options);
      expectError("range", call({ lengths: [1, 7, 2] }), "lengths[1] is 7; give a whole number from 0 to 6");
      expectError("shape", call({ lengths: [1, 2] }), "lengths have shape [2]; expected [3]");
      expectError("dtype", call({ lengths: ones([B]) }), "lengths are float32; expected int32");
      expectError("range", call({ lengths: tensor(Int32Array.of(1, -1, 2)) }), "lengths[1] is -1; expected a number from 0 to 6");
      expectError("range", call({ window: 0 }), "window is 0");
      expectError("range", call({ window: 3, positions: 0.5 }), "positions is 0.5");
      expectError(
        "shape",
        call({ window: 3, positions: zeros([B, S], { dtype: "int32" }) }),
        "positions have shape [3, 6]; expected [3, 4]",
      );
    }
  });

  test("leave nothing behind when a scope ends", () => {
    withDevice(device, () => {
      for (const [make, querySize] of Object.values(layers)) {
        const layer = make();
        const before = memory(device).tensors;
        scope(() => void forward(layer, querySize, { lengths: [6, 0, 3], window: 3 }));
        expect(memory(device).tensors).toBe(before);
      }
    });
  });
});
