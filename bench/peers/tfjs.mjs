// TensorFlow.js on its WebAssembly backend. The recurrence is written in core operations, step by step: that is faster than the layers
// of tfjs-layers, whose GRU has no reset gate after the product.
import { createRequire } from "node:module";
import { adam, classes, clipNorm, dataOf, gates, swap } from "./works.mjs";

export const name = "tfjs";

export async function load() {
  const require = createRequire(import.meta.url);
  const tf = require("@tensorflow/tfjs-core");
  require("@tensorflow/tfjs-layers"); // registers the gradients of core's operations
  const wasm = require("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(require.resolve("@tensorflow/tfjs-backend-wasm").replace(/[^/\\]*$/, ""));
  return tf;
}

export async function open(tf) {
  await tf.setBackend("wasm");
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

  function gemm(work) {
    const sets = dataOf(work).sets.map(({ a, b }) => [tensor(a), tensor(b)]);
    const product = (i) => matMul(...sets[i % sets.length]);
    return { run: (i) => product(i).dispose(), value: (i) => tf.tidy(() => product(i).dataSync()) };
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
      const output = (i) => layer(work, w, set(i).x);
      return {
        run: (i) => tf.tidy(() => void output(i)),
        value: (i) => swap({ shape: [time, batch, hidden], data: tf.tidy(() => output(i).dataSync()) }).data,
      };
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
        return value.dataSync();
      });
    return { run: (i) => void step(i), value: step };
  }

  return {
    info: `${tf.version_core}, ${tf.getBackend()}, one thread`,
    prepare: (work) => (work.kind === "gemm" ? gemm(work) : recurrent(work)),
  };
}
