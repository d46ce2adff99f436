import { expect, test } from "vitest";
import type { KernelName } from "../../src/backend/kernels.js";
import { forEachDevice, kernelDevices } from "../helpers/devices.js";
import { guarded } from "../helpers/kernel.js";
import { expectClose, lengths, normals } from "../helpers/numbers.js";

const steps = 20;

/** Per element, in float64: `p`, `g` and the states in, the new `p` and states out; t counts from 1. */
type Update = (p: number, g: number, state: number[], t: number) => [number, number[]];

interface Case {
  name: string;
  kernel: KernelName;
  /** The names of the state buffers. */
  states: string[];
  /** Dims and scalars at step t. */
  call: (t: number) => Record<string, number>;
  update: Update;
}

const lr = 0.01;

function sgd(momentum: number, dampening: number, nesterov: number, weightDecay: number): Case {
  return {
    name: `sgd, momentum ${momentum}, dampening ${dampening}, nesterov ${nesterov}, weightDecay ${weightDecay}`,
    kernel: "sgd",
    states: momentum ? ["buffer"] : [],
    call: (t) => ({ nesterov, first: Number(t === 1), lr, momentum, oneMinusDampening: 1 - dampening, weightDecay }),
    update: (p, gradient, [buffer], t) => {
      const g = gradient + weightDecay * p;
      if (!momentum) return [p - lr * g, []];
      const b = t === 1 ? g : momentum * buffer! + (1 - dampening) * g;
      return [p - lr * (nesterov ? g + momentum * b : b), [b]];
    },
  };
}

function adam(decoupled: number, weightDecay: number, beta2 = 0.999): Case {
  const [beta1, eps] = [0.9, 1e-8];
  return {
    name: `${decoupled ? "adamW" : "adam"}, weightDecay ${weightDecay}, beta2 ${beta2}`,
    kernel: "adam",
    states: ["m", "v"],
    call: (t) => ({
      ...{ rate: lr / (1 - beta1 ** t), oneMinusBeta1: 1 - beta1, beta2, oneMinusBeta2: 1 - beta2, eps },
      ...{ rootCorrection: 1 / Math.sqrt(1 - beta2 ** t), weightDecay: decoupled ? 0 : weightDecay },
      kept: decoupled ? 1 - lr * weightDecay : 1,
    }),
    update: (p, gradient, [m, v], t) => {
      const g = gradient + (decoupled ? 0 : weightDecay * p);
      const m1 = beta1 * m! + (1 - beta1) * g;
      const v1 = beta2 * v! + (1 - beta2) * g * g;
      const denominator = Math.sqrt(v1) / Math.sqrt(1 - beta2 ** t) + eps;
      const kept = decoupled ? p * (1 - lr * weightDecay) : p;
      return [kept - ((lr / (1 - beta1 ** t)) * m1) / denominator, [m1, v1]];
    },
  };
}

function rmsprop(momentum: number, centered: boolean, weightDecay: number): Case {
  const [alpha, eps] = [0.99, 1e-8];
  return {
    name: `rmsprop, momentum ${momentum}, ${centered ? "centered" : "plain"}, weightDecay ${weightDecay}`,
    kernel: "rmsprop",
    states: ["v", ...(centered ? ["average"] : []), ...(momentum ? ["buffer"] : [])],
    call: () => ({ lr, alpha, oneMinusAlpha: 1 - alpha, eps, weightDecay, momentum }),
    update: (p, gradient, state) => {
      const [v, ...rest] = state as [number, ...number[]];
      const g = gradient + weightDecay * p;
      const v1 = alpha * v + (1 - alpha) * g * g;
      const next = [v1];
      let power = v1;
      if (centered) {
        const a = alpha * rest.shift()! + (1 - alpha) * g;
        power -= a * a;
        next.push(a);
      }
      let d = g / (Math.sqrt(power) + eps);
      if (momentum) {
        d += momentum * rest.shift()!;
        next.push(d);
      }
      return [p - lr * d, next];
    },
  };
}

function adagrad(weightDecay: number): Case {
  const eps = 1e-10;
  return {
    name: `adagrad, weightDecay ${weightDecay}`,
    kernel: "adagrad",
    states: ["sum"],
    call: () => ({ lr, eps, weightDecay }),
    update: (p, gradient, [sum]) => {
      const g = gradient + weightDecay * p;
      const s = sum! + g * g;
      return [p - (lr * g) / (Math.sqrt(s) + eps), [s]];
    },
  };
}

const cases = [
  sgd(0, 0, 0, 0),
  sgd(0, 0, 0, 0.1),
  sgd(0.9, 0, 0, 0),
  sgd(0.9, 0.5, 0, 0.1),
  sgd(0.9, 0, 1, 0.1),
  adam(0, 0),
  adam(0, 0.1),
  adam(1, 0.1),
  adam(1, 0.01, 0.99),
  adam(0, 0, 0.99999),
  rmsprop(0, false, 0),
  rmsprop(0.9, false, 0.1),
  rmsprop(0, true, 0),
  rmsprop(0.9, true, 0.1),
  adagrad(0),
  adagrad(0.1),
];

await forEachDevice(kernelDevices, "optimizers", ({ backend }) => {
  for (const { name, kernel, states, call, update } of cases) {
    /** Twenty steps of n elements; norm: the global norm given at each step, or none. `scale` is what the reference multiplies by. */
    const run = (n: number, clip: { clipNorm: number; norm?: number }, scale: number) =>
      guarded(backend, (memory) => {
        const start = normals(n, 1);
        const parameter = memory.put(start);
        const buffers = Object.fromEntries(states.map((s) => [s, memory.put(new Float32Array(n))]));
        const norm = clip.norm === undefined ? undefined : memory.put(Float32Array.of(clip.norm));
        let expected = Array.from(start, (p): [number, number[]] => [p, states.map(() => 0)]);
        for (let t = 1; t <= steps; t++) {
          const gradients = normals(n, 100 + t, 0.3);
          const gradient = memory.put(gradients);
          backend.dispatch(kernel, { gradient, norm, parameter, ...buffers, n, ...call(t), clipNorm: clip.clipNorm } as never);
          expect(memory.floats(gradient, n), "the gradient is only read").toEqual(gradients);
          expected = expected.map(([p, state], i) => update(p, scale * gradients[i]!, state, t));
        }
        const result = memory.floats(parameter, n);
        expectClose(
          result,
          expected.map(([p]) => p),
          1e-6,
          "parameter",
        );
        // What the twenty steps added, to within the rounding of the parameter itself.
        const moved = Array.from(result, (p, i) => (p - start[i]!) / (steps * lr));
        expectClose(
          moved,
          expected.map(([p], i) => (p - start[i]!) / (steps * lr)),
          1e-5,
          "movement",
        );
        states.forEach((s, j) => {
          expectClose(
            memory.floats(buffers[s]!, n),
            expected.map(([, state]) => state[j]!),
            1e-5,
            s,
          );
        });
      });

    test.each(lengths)(`${name}: ${steps} steps of %i elements`, (n) => run(n, { clipNorm: 0 }, 1));

    test(`${name}: clipping by the norm`, () => {
      run(9, { clipNorm: 0.5, norm: 2 }, 0.5 / (2 + 1e-6));
      run(9, { clipNorm: 3, norm: 2 }, 1);
      run(9, { clipNorm: 0, norm: 2 }, 1);
      run(9, { clipNorm: 1, norm: 0 }, 1);
      run(9, { clipNorm: 1 }, 1);
      // PyTorch adds 1e-6 to the norm.
      run(9, { clipNorm: 1e-7, norm: 1e-6 }, 1e-7 / 2e-6);
    });

    test(`${name}: a norm that is not finite changes nothing`, () => {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        for (const clipNorm of [0, 1]) {
          guarded(backend, (memory) => {
            const start = normals(9, 1);
            const parameter = memory.put(start);
            const buffers = Object.fromEntries(states.map((s) => [s, memory.put(start)]));
            const gradient = memory.put(new Float32Array(9).fill(Number.NaN));
            const norm = memory.put(Float32Array.of(bad));
            backend.dispatch(kernel, { gradient, norm, parameter, ...buffers, n: 9, ...call(2), clipNorm } as never);
            for (const address of [parameter, ...Object.values(buffers)]) expect(memory.floats(address, 9)).toEqual(start);
          });
        }
      }
    });
  }

  test("sgd and rmsprop with a buffer but no momentum leave the buffer alone", () => {
    guarded(backend, (memory) => {
      const start = normals(7, 1);
      const gradient = memory.put(normals(7, 2));
      const buffer = memory.put(start);
      const sgdCall = { nesterov: 0, first: 1, lr, momentum: 0, oneMinusDampening: 0.5, weightDecay: 0, clipNorm: 0 };
      const parameter = memory.put(start);
      backend.dispatch("sgd", { gradient, parameter, buffer, n: 7, ...sgdCall });
      const without = memory.put(start);
      backend.dispatch("sgd", { gradient, parameter: without, n: 7, ...sgdCall });
      expect(memory.floats(parameter, 7)).toEqual(memory.floats(without, 7));
      const v = memory.put(new Float32Array(7));
      backend.dispatch("rmsprop", {
        ...{ gradient, parameter, v, buffer, n: 7, lr, alpha: 0.99, oneMinusAlpha: 0.01 },
        ...{ eps: 1e-8, weightDecay: 0, momentum: 0, clipNorm: 0 },
      });
      expect(memory.floats(buffer, 7)).toEqual(start);
    });
  });

  test("centered rmsprop of a constant gradient stays finite: rounding must not make the variance negative", () => {
    guarded(backend, (memory) => {
      const n = 257;
      const gradient = memory.put(normals(n, 1));
      const parameter = memory.put(new Float32Array(n));
      const [v, average] = [memory.put(new Float32Array(n)), memory.put(new Float32Array(n))];
      const settings = { lr: 1e-9, alpha: 0.9, oneMinusAlpha: 0.1, eps: 1e-8, weightDecay: 0, momentum: 0, clipNorm: 0 };
      const call = { gradient, parameter, v, average, n, ...settings };
      for (let t = 0; t < 300; t++) backend.dispatch("rmsprop", call);
      expect(memory.floats(parameter, n).every(Number.isFinite)).toBe(true);
    });
  });
});
