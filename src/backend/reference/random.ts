import { normalAt, philoxWords, uniformFromWord } from "../../util/philox.js";
import type { KernelCall } from "../kernels.js";
import { at } from "./primitives.js";

interface Position {
  readonly n: number;
  readonly key0: number;
  readonly key1: number;
  readonly counter0: number;
  readonly counter1: number;
}

const wordsAt = (c: Position, counter2 = 0, counter3 = 0) =>
  philoxWords(c.n, [c.counter0, c.counter1, counter2, counter3], [c.key0, c.key1]);

/** The random kernels: the same Philox words as every backend's. */
export const random = {
  philox(m: Float64Array, c: KernelCall<"philox">): undefined {
    m.set(Int32Array.from(wordsAt(c, c.counter2, c.counter3)), c.y);
  },
  randomUniform(m: Float64Array, c: KernelCall<"randomUniform">): undefined {
    wordsAt(c).forEach((word, i) => {
      m[c.y + i] = c.low + (c.high - c.low) * uniformFromWord(word);
    });
  },
  randomNormal(m: Float64Array, c: KernelCall<"randomNormal">): undefined {
    const words = wordsAt({ ...c, n: c.n + (c.n % 2) });
    for (let i = 0; i < c.n; i++) m[c.y + i] = c.mean + c.std * normalAt(words, i);
  },
  dropout(m: Float64Array, c: KernelCall<"dropout">): undefined {
    wordsAt(c).forEach((word, i) => {
      m[c.y + i] = uniformFromWord(word) >= c.p ? at(m, c.x + i) * c.growth : 0;
    });
  },
};
