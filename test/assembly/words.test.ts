import { expect, test } from "vitest";
import { forEachDevice, kernelDevices } from "../helpers/devices.js";
import { guarded } from "../helpers/kernel.js";
import { expectClose, normals } from "../helpers/numbers.js";
import { uniform } from "../helpers/uniform.js";

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const dot = (a: number[], b: number[]) => a.reduce((sum, v, k) => sum + v * b[k]!, 0);
const rowsOf = (data: Float32Array, D: number) =>
  Array.from({ length: data.length / D }, (_, i) => Array.from(data.subarray(i * D, i * D + D)));
const below = (n: number, m: number, seed: number) => Int32Array.from(uniform(n, 0, m, seed), Math.floor);

/** The generator of the kernel's header, over big integers. */
function generator(seed0: number, seed1: number) {
  let state = (BigInt(seed1) << 32n) | BigInt(seed0);
  const draw = () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return state >> 32n;
  };
  return { uniform: () => Number(draw() >> 8n) / 2 ** 24, below: (m: number) => Number((draw() * BigInt(m)) >> 32n) };
}

interface Words {
  tokens: Int32Array;
  keep: Float32Array;
  probabilities: Float32Array;
  alias: Int32Array;
}
interface Sizes {
  V: number;
  D: number;
  window: number;
  negatives: number;
  cbow: number;
}
const seeds = { seed0: 0xfedcba98, seed1: 0x80000001 };
const rates = { lr: 0.5, lrEnd: 0.1 };

/** A draft of the kernel in float64: a pair at a time, with the same numbers drawn. */
function word2vec(
  { tokens, keep, probabilities, alias }: Words,
  { V, window, negatives, cbow }: Sizes,
  input: number[][],
  output: number[][],
) {
  const random = generator(seeds.seed0, seeds.seed1);
  const learn = (h: number[], target: number, rate: number) => {
    const samples = [[target, 1]];
    for (let k = 0; k < negatives; k++) {
      const word = random.below(V);
      const drawn = random.uniform() < probabilities[word]! ? word : alias[word]!;
      if (drawn !== target) samples.push([drawn, 0]);
    }
    const steps = samples.map(([word, label]) => rate * (label! - sigmoid(dot(h, output[word!]!))));
    const gradient = h.map(() => 0);
    for (const [k, [word]] of samples.entries()) {
      const row = output[word!]!;
      for (const [i, x] of h.entries()) {
        gradient[i]! += steps[k]! * row[i]!;
        row[i]! += steps[k]! * x;
      }
    }
    return gradient;
  };
  const add = (row: number[], gradient: number[], a: number) => {
    for (const k of row.keys()) row[k]! += a * gradient[k]!;
  };
  const sentences: number[][] = [[]];
  for (const [p, token] of tokens.entries()) {
    if (token < 0) sentences.push([]);
    else if (random.uniform() < keep[token]!) sentences.at(-1)!.push(p);
    if (token >= 0 && p + 1 < tokens.length && tokens[p + 1]! >= 0) continue;
    const sentence = sentences.at(-1)!;
    for (const [i, at] of sentence.entries()) {
      const reach = 1 + random.below(window);
      const near = sentence.flatMap((q, j) => (j !== i && Math.abs(j - i) <= reach ? [tokens[q]!] : []));
      const rate = rates.lr + ((rates.lrEnd - rates.lr) * at) / tokens.length;
      const center = tokens[at]!;
      if (near.length === 0) continue;
      if (cbow) {
        const h = input[0]!.map((_, k) => near.reduce((sum, word) => sum + input[word]![k]!, 0) / near.length);
        const gradient = learn(h, center, rate);
        for (const word of near) add(input[word]!, gradient, 1 / near.length);
      } else for (const word of near) add(input[center]!, learn(input[center]!, word, rate), 1);
    }
    sentence.length = 0;
  }
}

const cases: Sizes[] = [
  { V: 2, D: 4, window: 1, negatives: 1, cbow: 0 },
  { V: 7, D: 12, window: 3, negatives: 4, cbow: 0 },
  { V: 11, D: 20, window: 5, negatives: 7, cbow: 0 },
  { V: 2, D: 4, window: 1, negatives: 3, cbow: 1 },
  { V: 11, D: 36, window: 4, negatives: 5, cbow: 1 },
];

await forEachDevice(kernelDevices, "word2vecStep", ({ backend }) => {
  test.each(cases)("V $V, D $D, window $window, negatives $negatives, cbow $cbow", (sizes) => {
    const { V, D } = sizes;
    const words: Words = {
      // -1 to V - 1: sentences of all lengths, none too; the last does not end.
      tokens: Int32Array.of(...below(60, V + 1, 3).map((v) => v - 1), 0, 1, -1, -1, 1, 0, 1),
      keep: uniform(V, 0.3, 1.2, 4),
      probabilities: uniform(V, 0.2, 1, 5),
      alias: below(V, V, 6),
    };
    const [before, after] = [normals(V * D, 7, 0, 0.5), normals(V * D, 8, 0, 0.5)];
    const [expectedInput, expectedOutput] = [rowsOf(before, D), rowsOf(after, D)];
    word2vec(words, sizes, expectedInput, expectedOutput);
    expect(Math.max(...expectedInput.flat().map((v, i) => Math.abs(v - before[i]!))), "the words move").toBeGreaterThan(0.05);
    guarded(backend, (memory) => {
      const [input, output] = [memory.put(before), memory.put(after)];
      const reads = Object.fromEntries(Object.entries(words).map(([name, data]) => [name, memory.put(data)]));
      backend.dispatch("word2vecStep", { ...reads, input, output, n: words.tokens.length, ...sizes, ...seeds, ...rates } as never);
      expectClose(memory.floats(input, V * D), expectedInput.flat(), 2e-5, "input");
      expectClose(memory.floats(output, V * D), expectedOutput.flat(), 2e-5, "output");
      expect(memory.ints(reads.tokens!, words.tokens.length)).toEqual(words.tokens);
    });
  });
});

await forEachDevice(kernelDevices, "gloveStep", ({ backend }) => {
  const [V, n, lr] = [6, 40, 0.2];
  const names = ["word", "context", "wordSums", "contextSums", "biases", "biasSums"] as const;

  test.each([4, 8, 20])("D %i, by one call and by several", (D) => {
    const cells = {
      rows: below(n, V, 1),
      columns: below(n, V, 2),
      logs: normals(n, 3),
      weights: uniform(n, 0.1, 1, 4),
    };
    const tables = Object.fromEntries(
      names.map((name, i) => {
        const count = name.startsWith("bias") ? 2 * V : V * D;
        return [name, /Sums$/.test(name) ? uniform(count, 0.5, 2, i + 5) : normals(count, i + 5, 0, 0.5)];
      }),
    );
    const expected = Object.fromEntries(Object.entries(tables).map(([name, data]) => [name, Array.from(data)]));
    let loss = 0;
    for (let i = 0; i < n; i++) {
      const [r, c] = [cells.rows[i]! * D, cells.columns[i]! * D];
      const [b, e] = [cells.rows[i]!, V + cells.columns[i]!];
      const { word, context, wordSums, contextSums, biases, biasSums } = expected as Record<(typeof names)[number], number[]>;
      const error = dot(word.slice(r, r + D), context.slice(c, c + D)) + biases[b]! + biases[e]! - cells.logs[i]!;
      const g = cells.weights[i]! * error;
      loss += (g * error) / 2;
      const move = (at: number[], sums: number[], k: number, slope: number) => {
        sums[k]! += slope * slope;
        at[k]! -= (lr * slope) / Math.sqrt(sums[k]!);
      };
      for (let k = 0; k < D; k++) {
        const [x, y] = [word[r + k]!, context[c + k]!];
        move(word, wordSums, r + k, g * y);
        move(context, contextSums, c + k, g * x);
      }
      move(biases, biasSums, b, g);
      move(biases, biasSums, e, g);
    }
    const run = (ranges: [number, number][]) => {
      const results: Record<string, Float32Array> = {};
      guarded(backend, (memory) => {
        const put = (all: Record<string, Float32Array | Int32Array>) =>
          Object.fromEntries(Object.entries(all).map(([name, data]) => [name, memory.put(data)]));
        const call = { ...put(cells), ...put(tables), loss: memory.out(1), V, D, lr };
        let sum = 0;
        for (const [begin, end] of ranges) {
          backend.dispatch("gloveStep", { ...call, begin, end } as never);
          sum += memory.floats(call.loss, 1)[0]!;
        }
        for (const name of names) results[name] = memory.floats((call as Record<string, number>)[name]!, tables[name]!.length);
        expectClose([sum], [loss], 1e-5, "loss");
      });
      return results;
    };
    const whole = run([[0, n]]);
    for (const name of names) expectClose(whole[name]!, expected[name]!, 1e-5, name);
    expect(
      run([
        [0, 1],
        [1, 1],
        [1, 23],
        [23, n],
      ]),
    ).toEqual(whole);
  });
});
