import { recurrentCells } from "../../kernels.js";
import { type Arguments, entry, LINE, line, type WgslKernels } from "../kernel.js";
import { sequence } from "./recurrent.js";

const RESET_AFTER = recurrentCells.indexOf("gruResetAfter");
const RESET_BEFORE = recurrentCells.indexOf("gruResetBefore");

/** The gate row at which the recurrent side changes: gate rows from here on took another column or another state. */
const split = (c: Arguments) => (c.cell === RESET_AFTER || c.cell === RESET_BEFORE ? 2 * c.H : c.G);

/** The column of gates that row g of the recurrent weights takes. */
const recurrentColumn = (c: Arguments) => (c.cell === RESET_AFTER ? "select(g, g + u32(c.H), g >= 2u * u32(c.H))" : "g");

/** A gradient as a function of the threads of its own. */
interface Part {
  /** How many threads, in WGSL. */
  readonly count: string;
  /** The work of thread i. */
  readonly body: string;
}

/**
 * dW[g.., j..] += sum over t and b of gates[t, b, g] times a state, 4 by 4 a thread, rows first..end; each time step is summed by
 * itself, so that rounding errors do not add up over a long sequence. `state` is where the row of numbers for (b, t) lies; `orSkip`
 * adds a case in which it is 0.
 */
const weights = (out: string, N: string, first: string, end: string, column: string, state: string, orSkip = ""): Part => ({
  count: `((u32(${end} - ${first}) + 3u) / 4u) * ((${N} + 3u) / 4u)`,
  body: /* wgsl */ `
  let columns = (${N} + 3u) / 4u; let j = (i % columns) * 4u; let first = u32(${first}) + (i / columns) * 4u; let end = u32(${end});
  let j0 = min(j, ${N} - 1u); let j1 = min(j + 1u, ${N} - 1u); let j2 = min(j + 2u, ${N} - 1u); let j3 = min(j + 3u, ${N} - 1u);
  ${[0, 1, 2, 3].map((q) => `var sum${q} = vec4f(); var g${q}: u32; { let g = min(first + ${q}u, end - 1u); g${q} = ${column}; }`).join(" ")}
  for (var t = 0u; t < u32(c.T); t++) {
    ${[0, 1, 2, 3].map((q) => `var acc${q} = vec4f();`).join(" ")}
    for (var b = 0u; b < u32(c.B); b++) {
      if (t >= lengthOf(b) ${orSkip}) { continue; }
      let row = c.gates + (t * u32(c.B) + b) * u32(c.width);
      let at = ${state};
      let v = vec4f(heap[at + j0], heap[at + j1], heap[at + j2], heap[at + j3]);
      ${[0, 1, 2, 3].map((q) => `acc${q} += heap[row + g${q}] * v;`).join(" ")}
    }
    ${[0, 1, 2, 3].map((q) => `sum${q} += acc${q};`).join(" ")}
  }
  ${[0, 1, 2, 3]
    .map(
      (q) => `for (var k = 0u; k < 4u && first + ${q}u < end; k++) {
    if (j + k < ${N}) { heap[${out} + (first + ${q}u) * ${N} + j + k] += sum${q}[k]; }
  }`,
    )
    .join("\n  ")}`,
});

/** db[g] += the sum of a column of gates. */
const bias = (out: string, column: string): Part => ({
  count: "u32(c.end - c.begin)",
  body: /* wgsl */ `
  let g = u32(c.begin) + i; let column = ${column};
  var sum = 0.0;
  for (var t = 0u; t < u32(c.T); t++) {
    var acc = 0.0;
    for (var b = 0u; b < u32(c.B); b++) {
      if (t < lengthOf(b)) { acc += heap[c.gates + (t * u32(c.B) + b) * u32(c.width) + column]; }
    }
    sum += acc;
  }
  heap[${out} + g] += sum;`,
});

const parts: Record<string, { part: (c: Arguments) => Part; threads: (c: Arguments) => number; needed: (c: Arguments) => boolean }> = {
  input: {
    part: () => weights("c.dwIh", "u32(c.I)", "c.begin", "c.end", "g", "c.x + (b * u32(c.T) + t) * u32(c.I)"),
    threads: (c) => blocks(c.end - c.begin, c.I),
    needed: (c) => Boolean(c.dwIh),
  },
  state: {
    part: (c) => {
      const end = c.cell === RESET_BEFORE ? "min(c.end, 2 * c.H)" : "c.end";
      const previous = c.reverse ? "min(t + 1u, u32(c.T) - 1u)" : "max(t, 1u) - 1u";
      const output = `c.y + (b * u32(c.T) + ${previous}) * u32(c.H)`;
      const at = c.h0 ? `select(${output}, c.h0 + b * u32(c.H), isFirst(b, t))` : output;
      return weights("c.dwHh", "u32(c.H)", "c.begin", end, recurrentColumn(c), at, c.h0 ? "" : "|| isFirst(b, t)");
    },
    threads: (c) => blocks(Math.min(c.end, c.cell === RESET_BEFORE ? split(c) : c.end) - c.begin, c.H),
    needed: (c) => Boolean(c.dwHh),
  },
  reset: {
    part: () => weights("c.dwHh", "u32(c.H)", "max(c.begin, 2 * c.H)", "c.end", "g", "row + 3u * u32(c.H)"),
    threads: (c) => blocks(c.end - Math.max(c.begin, split(c)), c.H),
    needed: (c) => Boolean(c.dwHh) && c.cell === RESET_BEFORE,
  },
  inputBias: { part: () => bias("c.dbIh", "g"), threads: (c) => c.end - c.begin, needed: (c) => Boolean(c.dbIh) },
  stateBias: {
    part: (c) => bias("c.dbHh", recurrentColumn(c)),
    threads: (c) => c.end - c.begin,
    needed: (c) => Boolean(c.dbHh),
  },
};

const blocks = (m: number, n: number) => (m > 0 ? Math.ceil(m / 4) * Math.ceil(n / 4) : 0);

const needed = (c: Arguments) => Object.entries(parts).filter(([, part]) => part.needed(c) && part.threads(c) > 0);

/** A part begins with a workgroup, so that no two share one. */
const partCall = (name: string, count: string) => /* wgsl */ `{
    let n = ${count}; let end = (n + ${LINE - 1}u) / ${LINE}u * ${LINE}u;
    if (i < n) { ${name}(i); }
    if (i < end) { return; }
    i -= end;
  }`;

const code = (c: Arguments) => {
  const made = needed(c).map(([name, { part }]) => ({ name, ...part(c) }));
  return /* wgsl */ `${sequence(c)}
${made.map(({ name, body }) => `fn ${name}(i: u32) {${body}\n}`).join("\n")}
${entry("main")} {
  var i = line(id, groups);
  ${made.map(({ name, count }) => partCall(name, count)).join("\n  ")}
}`;
};

/** The gradients of all weights of a recurrent layer, as assembly/recurrent/gradient, in products over all steps (t, b), side by side. */
export const recurrentGradientKernels = {
  recurrentGradient: {
    code,
    passes: (c) => {
      const threads = needed(c).reduce((sum, [, part]) => sum + Math.ceil(part.threads(c) / LINE) * LINE, 0);
      return [{ entry: "main", groups: threads > 0 ? line(threads) : [0] }];
    },
  },
} satisfies WgslKernels;
