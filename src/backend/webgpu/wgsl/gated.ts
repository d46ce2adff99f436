import { each, lineKernel, type WgslKernels } from "../kernel.js";
import { math } from "./math.js";

const operands = /* wgsl */ `
  let r = i / u32(c.cols); let k = i % u32(c.cols);
  let at = c.x + 2u * r * u32(c.cols) + k;
  let a = heap[at]; let b = heap[at + u32(c.cols)];
  let s = sigmoidf(a);`;

/** The gated unit as assembly/elementwise/swiglu, a thread for each element of y. */
export const gatedKernels = {
  swigluForward: lineKernel(
    (c) => c.rows * c.cols,
    math + each("main", "c.rows * c.cols", /* wgsl */ `${operands} heap[c.y + i] = a * s * b;`),
  ),
  swigluBackward: lineKernel(
    (c) => c.rows * c.cols,
    math +
      each(
        "main",
        "c.rows * c.cols",
        /* wgsl */ `${operands}
  let upstream = heap[c.dy + i] * s;
  let to = c.dx + 2u * r * u32(c.cols) + k;
  heap[to] = upstream * b * (1 + a * (1 - s)); heap[to + u32(c.cols)] = upstream * a;`,
      ),
  ),
} satisfies WgslKernels;
