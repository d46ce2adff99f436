import { type Arguments, each, line, type WgslKernels } from "../kernel.js";

/** Pairs of a row and its elements that do not turn: a thread each. */
const itemsOf = (c: Arguments) => c.cols - (c.heads * c.D) / 2;

/** Rotary position embedding as assembly/attention/rotary: a thread turns a pair, or copies an element behind the heads. */
export const rotaryKernels = {
  rotary: {
    code: (c) =>
      each(
        "main",
        `c.B * c.T * ${itemsOf(c)}`,
        /* wgsl */ `
  let r = i / ${itemsOf(c)}u; let k = i % ${itemsOf(c)}u;
  let at = r * u32(c.cols); let half = u32(c.D) / 2u;
  let pairs = u32(c.heads) * half;
  if (k >= pairs) { heap[c.y + at + k + pairs] = heap[c.x + at + k + pairs]; return; }
  let j = k % half;
  let first = at + k / half * u32(c.D) + ${c.interleaved ? "2u * j" : "j"};
  let second = first + ${c.interleaved ? "1u" : "half"};
  let angle = c.table + r % u32(c.T) * u32(c.D) + j;
  let cosine = heap[angle]; let sine = ${c.inverse ? "-" : ""}heap[angle + half];
  let x1 = heap[c.x + first]; let x2 = heap[c.x + second];
  heap[c.y + first] = x1 * cosine - x2 * sine; heap[c.y + second] = x2 * cosine + x1 * sine;`,
      ),
    passes: (c) => [{ entry: "main", groups: line(c.B * c.T * itemsOf(c)) }],
  },
} satisfies WgslKernels;
