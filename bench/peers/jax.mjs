// jax-js on its WebAssembly or its WebGPU backend. It has no scan, so the recurrence is unrolled; the whole step, optimizer included, is one jit.
// Every use of an array consumes it: `.ref` is one more use.
import { adam, classes, clipNorm, dataOf, gates, swap } from "./works.mjs";

export const name = "jax-js";

export function load() {
  globalThis.navigator ??= {}; // absent in Node 20
  return import("@jax-js/jax");
}

export async function open(jax, backend = "wasm") {
  const { numpy: np, nn } = jax;
  await jax.init(backend);
  jax.defaultDevice(backend);
  const array = ({ data, shape }) => np.array(data).reshape(shape);
  const refs = (arrays) => jax.tree.ref(arrays);

  /** x [T, B, I] -> h of every step, [T * B, H] */
  function layer({ cell, input, hidden, batch, time }, w, x) {
    const rows = gates[cell] * hidden;
    const fromInputs = np.matmul(x.reshape([time * batch, input]), np.transpose(w["rnn.weight_ih_l0"])).add(w["rnn.bias_ih_l0"]);
    const weight = np.transpose(w["rnn.weight_hh_l0"]);
    const bias = w["rnn.bias_hh_l0"];
    let h = np.zeros([batch, hidden]);
    let c = np.zeros([batch, hidden]);
    const outputs = np.split(fromInputs.reshape([time, batch, rows]), time, 0).map((step) => {
      const fromX = step.reshape([batch, rows]);
      const fromH = np.matmul(h.ref, weight.ref).add(bias.ref);
      if (cell === "rnn") {
        h.dispose();
        h = np.tanh(fromX.add(fromH));
      } else if (cell === "lstm") {
        const [i, f, g, o] = np.split(fromX.add(fromH), 4, 1);
        h.dispose();
        c = nn
          .sigmoid(f)
          .mul(c)
          .add(nn.sigmoid(i).mul(np.tanh(g)));
        h = nn.sigmoid(o).mul(np.tanh(c.ref));
      } else {
        const [rx, zx, nx] = np.split(fromX, 3, 1);
        const [rh, zh, nh] = np.split(fromH, 3, 1);
        const n = np.tanh(nx.add(nn.sigmoid(rx.add(rh)).mul(nh)));
        h = n.ref.add(nn.sigmoid(zx.add(zh)).mul(h.sub(n)));
      }
      return h.ref;
    });
    for (const rest of [h, c, weight, bias]) rest.dispose();
    return np.concatenate(outputs, 0);
  }

  function gemm(work) {
    const sets = dataOf(work).sets.map(({ a, b }) => [array(a), array(b)]);
    const product = jax.jit((a, b) => np.matmul(a, b));
    const call = (i) => product(...refs(sets[i % sets.length]));
    return {
      async run(i) {
        const y = call(i);
        await y.blockUntilReady();
        y.dispose();
      },
      value: (i) => call(i).data(),
    };
  }

  /** Weights, Adam's moments, its corrections of bias, a batch -> the loss, and the weights and moments after the step. */
  const stepOf = (work) =>
    jax.jit((w, m, v, corrections, x, y) => {
      const loss = ({ "head.weight": weight, "head.bias": bias, ...rest }, x, y) => {
        const logits = np.matmul(layer(work, rest, x), np.transpose(weight)).add(bias);
        return nn
          .logSoftmax(logits, -1)
          .mul(y)
          .sum()
          .mul(-1 / (work.batch * work.time));
      };
      const [value, grads] = jax.valueAndGrad(loss)(refs(w), x, y);
      const norm = np.sqrt(
        Object.values(grads)
          .map((g) => np.square(g.ref).sum())
          .reduce((a, b) => a.add(b)),
      );
      const scale = np.minimum(np.array(clipNorm).div(norm.add(1e-6)), 1);
      const after = { w: {}, m: {}, v: {} };
      const { lr, beta1, beta2, eps } = adam;
      for (const key in grads) {
        const g = grads[key].mul(scale.ref);
        const mean = m[key].mul(beta1).add(g.ref.mul(1 - beta1));
        const square = v[key].mul(beta2).add(np.square(g).mul(1 - beta2));
        const root = np.sqrt(square.ref.mul(corrections.second.ref)).add(eps);
        after.w[key] = w[key].sub(mean.ref.mul(corrections.first.ref).div(root).mul(lr));
        after.m[key] = mean;
        after.v[key] = square;
      }
      for (const rest of [scale, corrections.first, corrections.second]) rest.dispose();
      return { value, ...after };
    });

  function recurrent(work) {
    const data = dataOf(work);
    const { batch, time, hidden } = work;
    const arrays = (of) => Object.fromEntries(Object.entries(data.weights).map(([key, value]) => [key, of(value)]));
    const oneHot = (y) => nn.oneHot(np.array(swap({ shape: [batch, time], data: y.data }).data), classes);
    const sets = data.sets.map(({ x, y }) => ({ x: array(swap(x)), y: oneHot(y) }));
    const set = (i) => sets[i % sets.length];
    if (work.kind === "forward") {
      const { "head.weight": _, "head.bias": __, ...w } = arrays(array);
      const forward = jax.jit((w, x) => layer(work, w, x));
      const call = (i) => forward(refs(w), set(i).x.ref);
      return {
        async run(i) {
          const y = call(i);
          await y.blockUntilReady();
          y.dispose();
        },
        value: async (i) => swap({ shape: [time, batch, hidden], data: await call(i).data() }).data,
      };
    }
    const step = stepOf(work);
    let state = { w: arrays(array), m: arrays(({ shape }) => np.zeros(shape)), v: arrays(({ shape }) => np.zeros(shape)) };
    let steps = 0;
    const run = async (i) => {
      steps++;
      const correction = (beta) => np.array(1 / (1 - beta ** steps));
      const corrections = { first: correction(adam.beta1), second: correction(adam.beta2) };
      const { value, ...after } = step(state.w, state.m, state.v, corrections, set(i).x.ref, set(i).y.ref);
      state = after;
      return value.data(); // runs all that is pending, which is cheaper than to wait for every array of the state
    };
    return { run, value: run };
  }

  return {
    info: `${jax.defaultDevice()}${backend === "wasm" ? ", one thread" : ""}`,
    prepare: (work) => (work.kind === "gemm" ? gemm(work) : recurrent(work)),
  };
}
