// TensorFlow.js on its WebAssembly or its WebGPU backend. The recurrence is written in core operations, step by step: that is faster than the layers
// of tfjs-layers, whose GRU has no reset gate after the product.
import { adam, classes, clipNorm, dataOf, gates, swap } from "./works.mjs";

export const name = "tfjs";

/** `backend`: "wasm" in Node, "webgpu" in a page, for which a bundler finds the modules. */
export async function load(backend = "wasm") {
  if (backend === "webgpu") {
    const tf = await import("@tensorflow/tfjs-core");
    await import("@tensorflow/tfjs-core/dist/register_all_gradients");
    await import("@tensorflow/tfjs-backend-webgpu");
    return tf;
  }
  const { createRequire } = await import("node:module");
  const require = createRequire(import.meta.url);
  const tf = require("@tensorflow/tfjs-core");
  require("@tensorflow/tfjs-layers"); // registers the gradients of core's operations
  const wasm = require("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(require.resolve("@tensorflow/tfjs-backend-wasm").replace(/[^/\\]*$/, ""));
  return tf;
}

export async function open(tf, backend = "wasm") {
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs: there is no backend ${backend}`);
  const { add, matMul, mul, reshape, sigmoid, split, sub, tanh } = tf;
  const tensor = ({ data, shape }) => tf.tensor(data, shape);

  /** x [T, B, I] -> h of every step, [T * B, H] */
  function layer({ cell, input, hidden, batch, time }, w, x) {
    const rows = gates[cell] * hidden;
    const project = (v, kind) => add(matMul(v, w[`rnn.weight_${kind}_l0`], false, true), w[`rnn.bias_${kind}_l0`]);
    const inputs = split(reshape(project(reshape(x, [time * batch, input]), "ih"), [time, batch, rows]), time);
    let h = tf.zeros([batch, hidden]);
    let c = tf.zeros([batch, hidden]);
    const outputs = inputs.map((step) => {
      const fromX = reshape(step, [batch, rows]);
      const fromH = project(h, "hh");
      if (cell === "rnn") h = tanh(add(fromX, fromH));
      else if (cell === "lstm") {
        const [i, f, g, o] = split(add(fromX, fromH), 4, 1);
        c = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
        h = mul(sigmoid(o), tanh(c));
      } else {
        const [rx, zx, nx] = split(fromX, 3, 1);
        const [rh, zh, nh] = split(fromH, 3, 1);
        const n = tanh(add(nx, mul(sigmoid(add(rx, rh)), nh)));
        h = add(n, mul(sigmoid(add(zx, zh)), sub(h, n)));
      }
      return h;
    });
    return tf.concat(outputs, 0);
  }

  const immediate = backend === "wasm";
  /** Resolves when the GPU has done what it was asked for. */
  function done() {
    const gpu = tf.backend();
    gpu.endComputePassEncoder();
    gpu.submitQueue();
    return gpu.queue.onSubmittedWorkDone();
  }

  /** A work that answers a tensor. */
  function job(compute) {
    const run = (i) => tf.tidy(() => void compute(i));
    async function value(i) {
      const y = tf.tidy(() => compute(i));
      const data = await y.data();
      y.dispose();
      return data;
    }
    return {
      run: immediate
        ? run
        : (i) => {
            run(i);
            return done();
          },
      value,
    };
  }

  function gemm(work) {
    const sets = dataOf(work).sets.map(({ a, b }) => [tensor(a), tensor(b)]);
    return job((i) => matMul(...sets[i % sets.length]));
  }

  function recurrent(work) {
    const data = dataOf(work);
    const { batch, time, hidden } = work;
    const w = Object.fromEntries(Object.entries(data.weights).map(([key, value]) => [key, tf.variable(tensor(value))]));
    const sets = data.sets.map(({ x, y }) => ({
      x: tensor(swap(x)),
      y: tf.cast(tf.oneHot(tf.tensor1d(swap({ shape: [batch, time], data: y.data }).data, "int32"), classes), "float32"),
    }));
    const set = (i) => sets[i % sets.length];
    if (work.kind === "forward") {
      const { run, value } = job((i) => layer(work, w, set(i).x));
      return { run, value: async (i) => swap({ shape: [time, batch, hidden], data: await value(i) }).data };
    }
    const optimizer = tf.train.adam(adam.lr, adam.beta1, adam.beta2, adam.eps);
    const loss = (i) => {
      const logits = add(matMul(layer(work, w, set(i).x), w["head.weight"], false, true), w["head.bias"]);
      return tf.losses.softmaxCrossEntropy(set(i).y, logits);
    };
    const step = (i) =>
      tf.tidy(() => {
        const { value, grads } = tf.variableGrads(() => loss(i));
        const norm = tf.sqrt(tf.addN(Object.values(grads).map((g) => tf.sum(tf.square(g)))));
        const scale = tf.minimum(1, tf.div(clipNorm, add(norm, 1e-6)));
        optimizer.applyGradients(Object.fromEntries(Object.entries(grads).map(([key, g]) => [key, mul(g, scale)])));
        return immediate ? value.dataSync() : value;
      });
    if (immediate) return { run: (i) => void step(i), value: step };
    const value = async (i) => {
      const loss = step(i);
      const data = await loss.data();
      loss.dispose();
      return data;
    };
    return { run: value, value };
  }

  return {
    info: `${tf.version_core}, ${tf.getBackend()}${immediate ? ", one thread" : ""}`,
    prepare: (work) => (work.kind === "gemm" ? gemm(work) : recurrent(work)),
  };
}
