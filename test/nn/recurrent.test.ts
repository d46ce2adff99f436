import { describe, expect } from "vitest";
import * as nn from "../../src/nn/index.js";
import { add, concat, mul, select, slice, stack, sum, unsqueeze } from "../../src/ops/index.js";
import { tensor, zeros } from "../../src/tensor/create.js";
import { manualSeed } from "../../src/tensor/random.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { forEachDevice, immediate, on, variants } from "../helpers/devices.js";
import { expectClose, normals } from "../helpers/numbers.js";
import { gradientsOf, H, I, layers, lossOf, random, type State } from "../helpers/recurrent-layers.js";

const statesOf = ({ h, c }: State): Tensor[] => (c ? [h, c] : [h]);
const map = (state: State, f: (x: Tensor) => Tensor): State => ({ h: f(state.h), ...(state.c && { c: f(state.c) }) });

function expectAllClose(actual: readonly ArrayLike<number>[], expected: readonly ArrayLike<number>[], what: string): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, values] of actual.entries()) expectClose(values, expected[i]!, 1e-6, `${what} ${i}`);
}

type Cell = nn.Module & { forward(x: Tensor, state?: State): State };
const cells: Record<string, [cell: () => Cell, layer: string]> = {
  RNNCell: [() => new nn.RNNCell(I, H), "RNN"],
  "RNNCell relu": [() => new nn.RNNCell(I, H, { nonlinearity: "relu" }), "RNN relu"],
  GRUCell: [() => new nn.GRUCell(I, H), "GRU"],
  "GRUCell reset before": [() => new nn.GRUCell(I, H, { resetAfter: false }), "GRU reset before"],
  LSTMCell: [() => new nn.LSTMCell(I, H) as unknown as Cell, "LSTM"],
};

await forEachDevice(immediate, "a cell equals its layer, step by step:", (device) => {
  const it = on(device);
  for (const [name, [make, layerName]] of Object.entries(cells)) {
    it(name, () => {
      const [cell, layer] = [make(), layers[layerName]!()];
      for (const [i, p] of cell.parameters().entries()) p.write(layer.parameters()[i]!.dataSync());
      const x = random([3, 6, I], 1);
      const initial: State = { h: random([1, 3, H], 2), ...(layerName === "LSTM" && { c: random([1, 3, H], 3) }) };

      const whole = layer.forward(x, { state: initial });
      const run = () => {
        let state = map(initial, (s) => select(s, 0));
        const outputs = Array.from({ length: 6 }, (_, t) => {
          state = cell.forward(select(x, t, { axis: 1 }), state);
          return state.h;
        });
        return [stack(outputs, { axis: 1 }), ...statesOf(map(state, (s) => unsqueeze(s, { axis: 0 })))];
      };
      const stepped = run();
      expectAllClose(
        stepped.map((y) => y.dataSync()),
        [whole.output, ...statesOf(whole.state)].map((y) => y.dataSync()),
        "result",
      );

      const inputs = [x, ...statesOf(initial)];
      const ofLayer = gradientsOf(() => {
        const { output, state } = layer.forward(x, { state: initial });
        return lossOf([output, ...statesOf(state)]);
      }, [...inputs, ...layer.parameters()]);
      expectAllClose(
        gradientsOf(() => lossOf(run()), [...inputs, ...cell.parameters()]),
        ofLayer,
        "gradient",
      );
      expect(cell.forward(select(x, 0, { axis: 1 })).h.dataSync()).toEqual(
        cell
          .forward(
            select(x, 0, { axis: 1 }),
            map(initial, () => zeros([3, H])),
          )
          .h.dataSync(),
      );
    });
  }
});

/** The loss that weighs each element, by weights of the same shapes. */
const weighed = (tensors: readonly Tensor[], weights: readonly Tensor[]): Tensor =>
  tensors.map((y, i) => sum(mul(y, weights[i]!))).reduce((a, b) => add(a, b));

await forEachDevice(["full reference", ...variants], "a sentence alone equals itself in a padded batch:", (device) => {
  const it = on(device);
  const lengths = [3, 6, 1, 4];
  const [B, T] = [lengths.length, 6];

  for (const [name, make] of Object.entries(layers)) {
    for (const bidirectional of [false, true]) {
      it(`${name}${bidirectional ? ", both directions" : ""}`, () => {
        const layer = make({ numLayers: 2, bidirectional });
        const x = random([B, T, I], 1);
        const leaves = [x, ...layer.parameters()];
        const batch = () => {
          const { output, state } = layer.forward(x, { lengths });
          return [output, ...statesOf(state)];
        };
        /** A row's part of an output [B, T, ...], and of states [layers, B, ...]. */
        const rowOf = (b: number, [output, ...states]: readonly Tensor[]) => [
          slice(slice(output!, { start: b, end: b + 1 }), { axis: 1, end: lengths[b]! }),
          ...states.map((s) => slice(s, { axis: 1, start: b, end: b + 1 })),
        ];
        const alone = (b: number) => {
          const { output, state } = layer.forward(slice(slice(x, { start: b, end: b + 1 }), { axis: 1, end: lengths[b]! }));
          return [output, ...statesOf(state)];
        };
        const results = batch();
        const weights = results.map((y, i) => random(y.shape, 10 + i).detach());
        const together = gradientsOf(() => weighed(batch(), weights), leaves);

        const sums = leaves.map((leaf) => new Float64Array(leaf.size));
        for (const b of lengths.keys()) {
          expectAllClose(
            alone(b).map((y) => y.dataSync()),
            rowOf(b, results).map((y) => y.dataSync()),
            `row ${b}, result`,
          );
          for (const [i, d] of gradientsOf(() => weighed(alone(b), rowOf(b, weights)), leaves).entries())
            for (const [k, v] of d.entries()) sums[i]![k]! += v;
        }
        expectAllClose(together, sums, "gradient");

        const isPadding = (i: number, width: number) => Math.floor(i / width) % T >= lengths[Math.floor(i / (width * T))]!;
        const [output] = results;
        for (const [i, v] of output!.dataSync().entries()) if (isPadding(i, output!.shape[2]!)) expect(v).toBe(0);
        for (const [i, v] of together[0]!.entries()) if (isPadding(i, I)) expect(Math.abs(v)).toBe(0);
        const other = tensor(
          x.dataSync().map((v, i) => (isPadding(i, I) ? 1e3 * v : v)),
          x.shape,
        );
        expect(layer.forward(other, { lengths }).output.dataSync()).toEqual(output!.dataSync());
      });
    }
  }
});

await forEachDevice(immediate, "a state", (device) => {
  const it = on(device);
  for (const [name, make] of Object.entries(layers)) {
    it(`continues a sequence: ${name}`, () => {
      const layer = make({ numLayers: 2 });
      const x = random([2, 6, I], 1);
      const leaves = [x, ...layer.parameters()];
      const whole = () => {
        const { output, state } = layer.forward(x);
        return [output, ...statesOf(state)];
      };
      const halves = () => {
        const first = layer.forward(slice(x, { axis: 1, end: 3 }));
        const second = layer.forward(slice(x, { axis: 1, start: 3 }), { state: first.state });
        return [concat([first.output, second.output], { axis: 1 }), ...statesOf(second.state)];
      };
      expectAllClose(
        halves().map((y) => y.dataSync()),
        whole().map((y) => y.dataSync()),
        "result",
      );
      expectAllClose(
        gradientsOf(() => lossOf(halves()), leaves),
        gradientsOf(() => lossOf(whole()), leaves),
        "gradient",
      );
    });

    it(`that is detached truncates backpropagation: ${name}`, () => {
      const layer = make({ numLayers: 2 });
      const x = random([2, 6, I], 1);
      const { state } = layer.forward(slice(x, { axis: 1, end: 3 }));
      const constant = map(state, (s) => tensor(s.dataSync() as Float32Array, s.shape));
      const leaves = [x, ...layer.parameters()];
      const run = (state: State) => () => lossOf([layer.forward(slice(x, { axis: 1, start: 3 }), { state }).output]);
      const detached = gradientsOf(() => run(map(layer.forward(slice(x, { axis: 1, end: 3 })).state, (s) => s.detach()))(), leaves);
      expectAllClose(detached, gradientsOf(run(constant), leaves), "gradient");
      const [dx] = detached;
      for (const [i, d] of dx!.entries()) if (Math.floor(i / I) % 6 < 3) expect(d).toBe(0);
      const [through] = gradientsOf(run(state), leaves);
      expect(through!.some((d, i) => Math.floor(i / I) % 6 < 3 && d !== 0)).toBe(true);
    });
  }
});

await forEachDevice(immediate, "dropout between layers", (device) => {
  on(device)("acts while training, and on no other output", () => {
    const x = random([2, 3, I], 1);
    const layer = (options: nn.RecurrentOptions) => {
      const gru = new nn.GRU(I, H, options);
      for (const [i, p] of gru.parameters().entries()) p.write(normals(p.size, i));
      return gru;
    };
    const plain = layer({ numLayers: 2 }).forward(x);
    const dropping = layer({ numLayers: 2, dropout: 0.5 });
    const run = (): [Tensor, Tensor] => {
      manualSeed(1);
      const { output, state } = dropping.forward(x);
      return [output, select(state.h, 0)];
    };
    const [output, first] = run();
    expect(output.dataSync()).not.toEqual(plain.output.dataSync());
    expect(output.dataSync().every((v) => v !== 0)).toBe(true);
    expect(first.dataSync()).toEqual(select(plain.state.h, 0).dataSync());
    expect(run()[0].dataSync()).toEqual(output.dataSync());
    dropping.eval();
    expect(dropping.forward(x).output.dataSync()).toEqual(plain.output.dataSync());
    const single = layer({ dropout: 0.5 });
    expect(single.forward(x).output.dataSync()).toEqual(layer({}).forward(x).output.dataSync());
  });
});

await forEachDevice(immediate, "a recurrent layer refuses", (device) => {
  const it = on(device);
  const refuses = (name: string, run: () => unknown, message: string) => it(name, () => expect(run).toThrow(message));
  const x = () => zeros([3, 5, I]);
  const lstm = () => new nn.LSTM(I, H, { numLayers: 2 });
  const int = (...values: number[]) => tensor(Int32Array.from(values));

  describe("options out of range:", () => {
    refuses("inputSize", () => new nn.RNN(0, 2), "RNN: inputSize is 0; give a whole number of at least 1");
    refuses("hiddenSize", () => new nn.GRU(2, 1.5), "GRU: hiddenSize is 1.5");
    refuses("numLayers", () => new nn.LSTM(2, 2, { numLayers: 0 }), "LSTM: numLayers is 0");
    refuses("dropout", () => new nn.LSTM(2, 2, { dropout: 2 }), "LSTM: dropout is 2; give a number from 0 to 1");
    refuses("projSize", () => new nn.LSTM(2, 4, { projSize: 4 }), "LSTM: projSize is 4; give a whole number from 0 to 3");
    const nonlinearity = "gelu" as never;
    refuses("nonlinearity", () => new nn.RNN(2, 2, { nonlinearity }), 'RNN: there is no nonlinearity "gelu"; use "tanh", "relu"');
    refuses("a cell's nonlinearity", () => new nn.RNNCell(2, 2, { nonlinearity }), 'RNNCell: there is no nonlinearity "gelu"');
    refuses("a cell's size", () => new nn.LSTMCell(2, 0), "LSTMCell: hiddenSize is 0");
  });

  describe("x that does not fit:", () => {
    refuses("size", () => lstm().forward(zeros([3, 5, 7])), "LSTM: x has shape [3, 5, 7]; expected [B, T, 4], batch first");
    refuses("rank", () => lstm().forward(zeros([5, I])), "LSTM: x has shape [5, 4]; expected [B, T, 4]");
    refuses("no step", () => lstm().forward(zeros([3, 0, I])), "lstm: x [3, 0, 4] holds no step; B and T must be at least 1");
    refuses("tokens", () => lstm().forward(zeros([3, 5, I], { dtype: "int32" })), "lstm: x is int32; expected float32");
    refuses("a cell's x", () => new nn.GRUCell(I, H).forward(zeros([3, 7])), "GRUCell: x has shape [3, 7]; expected [B, 4]");
  });

  describe("a state that does not fit:", () => {
    const state = { h: () => zeros([2, 3, H]), wrong: () => zeros([1, 3, H]) };
    refuses(
      "h",
      () => lstm().forward(x(), { state: { h: state.wrong(), c: state.h() } }),
      "LSTM: the initial h has shape [1, 3, 5]; expected [2, 3, 5]: layers x directions, batch, size",
    );
    refuses(
      "c",
      () => lstm().forward(x(), { state: { h: state.h(), c: state.wrong() } }),
      "LSTM: the initial c has shape [1, 3, 5]; expected [2, 3, 5]",
    );
    refuses(
      "a cell's",
      () => new nn.GRUCell(I, H).forward(zeros([3, I]), { h: zeros([2, H]) }),
      "GRUCell: the state h has shape [2, 5]; expected [3, 5]",
    );
  });

  describe("lengths that do not fit:", () => {
    const run = (lengths: readonly number[] | Tensor) => lstm().forward(x(), { lengths });
    refuses("0", () => run([5, 0, 2]), "LSTM: lengths[1] is 0; give a whole number from 1 to 5");
    refuses("more than T", () => run([5, 1, 6]), "LSTM: lengths[2] is 6");
    refuses("fractions", () => run([5, 1, 1.5]), "LSTM: lengths[2] is 1.5");
    refuses("too few", () => run([5, 1]), "LSTM: there are 2 lengths; expected 3, one for each row of x [3, 5, 4]");
    refuses("0 in a tensor", () => run(int(5, 0, 2)), "lstm: lengths[1] is 0; expected a number from 1 to 5");
    refuses("more than T in a tensor", () => run(int(5, 1, 6)), "lstm: lengths[2] is 6; expected a number from 1 to 5");
    refuses("too few in a tensor", () => run(int(5, 1)), "lstm: lengths has shape [2]; expected [3] for x [3, 5, 4]");
    refuses("floats in a tensor", () => run(tensor([5, 1, 2])), "lstm: lengths are float32; expected int32");
  });
});
