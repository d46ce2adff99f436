import { copyStrided, internal } from "../tensor/internal.js";
import { empty, fill } from "../tensor/memory.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkText, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { refuseExtra } from "../util/options.js";
import { sizeOf, stridesOf } from "../util/shape.js";
import { mul } from "./binary.js";
import { checkTensorList } from "./copy.js";
import { viewOp } from "./define-op.js";
import { expand } from "./expand.js";
import { matmul } from "./matmul.js";
import { sum } from "./reduce.js";
import { toFloat } from "./unary.js";
import { permute, reshape } from "./views.js";

/** A tensor and a label for each of its dimensions, all different. */
interface Labeled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

const fault = (code: "value" | "shape", equation: string, what: string) => new SeqgradError(code, `einsum: "${equation}": ${what}`);

/** The labels of a term; the dimensions of an ellipsis are called ..., from the right, ".0", ".1" and so on. */
function labelsOf(equation: string, term: string, hidden: number): string[] {
  const parts = term.split("...");
  if (parts.length > 2 || !/^[a-zA-Z]*$/.test(parts.join("")))
    throw fault("value", equation, `${shown(term)} is not a term; give a letter for each dimension, and "..." at most once.`);
  const ellipsis = Array.from({ length: hidden }, (_, i) => `.${hidden - 1 - i}`);
  return parts.length === 2 ? [...nth(parts, 0), ...ellipsis, ...nth(parts, 1)] : [...term];
}

/** Merges dimensions i < j of the same size into one, at i. A view. */
function diagonal(x: Tensor, i: number, j: number): Tensor {
  const along = (strides: readonly number[]) => strides.with(i, nth(strides, i) + nth(strides, j)).toSpliced(j, 1);
  return viewOp("einsum", internal(x), x.shape.toSpliced(j, 1), along(internal(x).strides), (dy) => {
    const dx = fill(empty(x.backend, x.shape), 0);
    copyStrided(dy, dx.address, along(stridesOf(x.shape)));
    return dx;
  });
}

/** Summed over the labels that nobody needs. */
function summed({ x, labels }: Labeled, isNeeded: (label: string) => boolean): Labeled {
  const axis = labels.flatMap((label, i) => (isNeeded(label) ? [] : [i]));
  return axis.length === 0 ? { x, labels } : { x: sum(x, { axis }), labels: labels.filter(isNeeded) };
}

/** The product of two, summed over the labels of both that nobody needs later: one matrix product. */
function contract(a: Labeled, b: Labeled, sizes: ReadonlyMap<string, number>, isNeeded: (label: string) => boolean): Labeled {
  const left = summed(a, (label) => isNeeded(label) || b.labels.includes(label));
  const right = summed(b, (label) => isNeeded(label) || a.labels.includes(label));
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter(isNeeded);
  const inner = shared.filter((label) => !isNeeded(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const full = (labels: readonly string[]) => labels.map((label) => sizes.get(label) ?? 1);
  /** x as three dimensions, its labels in another order; a shared label has its whole size. */
  const arranged = ({ x, labels }: Labeled, ...groups: (readonly string[])[]) => {
    const order = groups.flat();
    const y = permute(
      x,
      order.map((label) => labels.indexOf(label)),
    );
    return reshape(
      expand(y, full(order)),
      groups.map((group) => sizeOf(full(group))),
    );
  };
  const [x, y] = [arranged(left, batch, rows, inner), arranged(right, batch, inner, columns)];
  const labels = [...batch, ...rows, ...columns];
  const shape = full(labels);
  if (inner.length === 0) return { x: reshape(mul(x, y), shape), labels };
  if (x.dtype === "float32") return { x: reshape(matmul(x, y), shape), labels };
  const [B = 1, M = 1, K = 1] = x.shape;
  const products = mul(reshape(x, [B, M, K, 1]), reshape(y, [B, 1, K, sizeOf(full(columns))]));
  return { x: reshape(sum(products, { axis: 2 }), shape), labels };
}

/**
 * Multiplies tensors and sums over indices, by Einstein's convention.
 *
 * `"ik,kj->ij"` is a matrix product, `"bi,bi->b"` the dot products of rows, `"ii->i"` a diagonal. A letter names a dimension; a dimension
 * that the result does not name is summed. `...` stands for any number of dimensions, which broadcast. Without `->` the result has the
 * letters that occur once, in alphabetical order. Several tensors are multiplied from left to right. int32 stays int32.
 *
 * @param equation the terms of the tensors, separated by commas, then `->` and the term of the result
 * @param tensors one for each term, with a dimension for each of its letters
 * @returns a dimension for each letter of the result
 * @throws SeqgradError `value` for an equation that cannot be read, `shape` for sizes that do not fit
 * @see PyTorch's einsum
 * @example
 * const [a, b] = [sg.fromArray([[1, 2], [3, 4]]), sg.fromArray([[5, 6], [7, 8]])];
 * sg.einsum("ik,kj->ij", [a, b]); // = [[19, 22], [43, 50]]
 * sg.einsum("ii", [a]); // = 5
 */
export function einsum(equation: string, tensors: readonly Tensor[], ...extra: never[]): Tensor {
  checkText("einsum", equation, "the equation");
  checkTensorList("einsum", tensors);
  refuseExtra("einsum", extra);
  const [left = "", right, ...more] = equation.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (more.length > 0) throw fault("value", equation, 'it has several arrows; expected one "->" at most.');
  if (terms.length !== tensors.length)
    throw fault("value", equation, `it has ${terms.length} terms for ${tensors.length} tensors; separate one for each by commas.`);
  const isWhole = tensors.every((x) => x.dtype === "int32");
  const hidden = terms.map((term, i) => (term.includes("...") ? nth(tensors, i).rank - term.replace("...", "").length : 0));
  const sizes = new Map<string, number>();
  const operands = terms.map((term, i): Labeled => {
    const labels = labelsOf(equation, term, Math.max(0, nth(hidden, i)));
    let x = isWhole ? nth(tensors, i) : toFloat(nth(tensors, i));
    if (labels.length !== x.rank)
      throw fault(
        "shape",
        equation,
        `the term ${shown(term)} does not fit the shape ${formatShape(x.shape)}; give a letter for each dimension.`,
      );
    for (const [axis, label] of labels.entries()) {
      const [n, size = 1] = [nth(x.shape, axis), sizes.get(label)];
      if (n !== size && n !== 1 && size !== 1)
        throw fault("shape", equation, `${label} is ${size} in one place and ${n} in another; dimensions of a letter must be equal or 1.`);
      sizes.set(label, n === 1 ? size : n);
    }
    for (let j = labels.length - 1; j > 0; j--) {
      const first = labels.indexOf(nth(labels, j));
      if (first === j) continue;
      if (x.shape[first] !== x.shape[j])
        throw fault("shape", equation, `${labels[j]} stands twice in ${shown(term)}, for sizes ${x.shape[first]} and ${x.shape[j]}.`);
      x = diagonal(x, first, j);
      labels.splice(j, 1);
    }
    return { x, labels };
  });
  const output = right === undefined ? implied(terms, hidden) : labelsOf(equation, right, right.includes("...") ? mostOf(hidden) : 0);
  if (new Set(output).size < output.length || !output.every((label) => sizes.has(label)))
    throw fault("value", equation, `the result ${shown(right)} must name letters of the tensors, each once.`);
  const product = operands.reduce((a, b, i) =>
    contract(a, b, sizes, (label) => output.includes(label) || operands.slice(i + 1).some(({ labels }) => labels.includes(label))),
  );
  const { x, labels } = summed(product, (label) => output.includes(label));
  return permute(
    x,
    output.map((label) => labels.indexOf(label)),
  );
}

/** How many dimensions the longest ellipsis stands for. */
const mostOf = (hidden: readonly number[]) => hidden.reduce((a, b) => Math.max(a, b), 0);

/** The dimensions of ellipses, then the letters that occur once. */
function implied(terms: readonly string[], hidden: readonly number[]): string[] {
  const letters = [...terms.join("").replaceAll(".", "")];
  const once = letters.filter((label) => letters.indexOf(label) === letters.lastIndexOf(label)).sort();
  const most = mostOf(hidden);
  return [...Array.from({ length: most }, (_, i) => `.${most - 1 - i}`), ...once];
}
