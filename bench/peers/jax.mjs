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

  /** x [B * T, D] -> the same of layers that see what came before, norms first. */
  function encoder({ input: D, heads, layers, batch, time }, w, x) {
    const norm = (name, x) => nn.standardize(x, -1).mul(w[`encoder.${name}.weight`]).add(w[`encoder.${name}.bias`]);
    const linear = (name, x) => np.matmul(x, np.transpose(w[`encoder.${name}weight`])).add(w[`encoder.${name}bias`]);
    for (let i = 0; i < layers; i++) {
      const at = `layers.${i}.`;
      const projected = linear(`${at}self_attn.in_proj_`, norm(`${at}norm1`, x.ref));
      const [q, k, v] = np.split(projected, 3, 1).map((part) => part.reshape([batch, time, heads, D / heads]));
      const seen = nn.dotProductAttention(q, k, v, { isCausal: true }).reshape([batch * time, D]);
      x = x.add(linear(`${at}self_attn.out_proj.`, seen));
      const wide = nn.gelu(linear(`${at}linear1.`, norm(`${at}norm2`, x.ref)));
      x = x.add(linear(`${at}linear2.`, wide));
    }
    return norm("norm", x);
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
      const loss = ({ "head.weight": weight, "head.bias": bias, ...rest }, x, targets) => {
        const y = work.cell === "gpt" ? encoder(work, rest, x) : layer(work, rest, x);
        const logits = np.matmul(y, np.transpose(weight)).add(bias);
        return nn
          .logSoftmax(logits, -1)
          .mul(targets)
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

  function training(work) {
    const data = dataOf(work);
    const { batch, time, hidden, input } = work;
    const arrays = (of) => Object.fromEntries(Object.entries(data.weights).map(([key, value]) => [key, of(value)]));
    // A recurrence goes through time, an encoder through rows.
    const isFlat = work.cell === "gpt";
    const oneHot = (y) => nn.oneHot(np.array(isFlat ? y.data : swap({ shape: [batch, time], data: y.data }).data), classes);
    const rows = (x) => (isFlat ? array(x).reshape([batch * time, input]) : array(swap(x)));
    const sets = data.sets.map(({ x, y }) => ({ x: rows(x), y: oneHot(y) }));
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
    prepare: (work) => (work.kind === "gemm" ? gemm(work) : training(work)),
  };
}
