import { add, div, maximum, sub } from "../ops/binary.js";
import { matmul } from "../ops/matmul.js";
import { sum } from "../ops/reduce.js";
import { affine, sqrt, square } from "../ops/unary.js";
import { transpose } from "../ops/views.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkChoice, checkInteger, checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { adamRule } from "./adam.js";
import { groupsOf, type ParameterGroup, type ParametersOrGroups, tensorsOf } from "./groups.js";
import { average } from "./moments.js";
import { Optimizer } from "./optimizer.js";
import { defineRule, type OptimizerOptions, type Rule, type Settings } from "./rule.js";

export interface MuonOptions extends OptimizerOptions {
  /** `muon` takes matrices alone; `adamw` is for the rest. Default `auto`: matrices by Muon, other parameters by AdamW. */
  method?: "auto" | "muon" | "adamw";
  /** Of Muon. Default 0.95. */
  momentum?: number;
  /** Look ahead by the momentum. Default true. */
  nesterov?: boolean;
  /** The coefficients of the polynomial a x + b x^3 + c x^5 that drives singular values to 1. Default [3.4445, -4.775, 2.0315]. */
  nsCoefficients?: readonly [number, number, number];
  /** How often it is applied. Default 5. */
  nsSteps?: number;
  /**
   * The factor on lr for an [A, B] matrix: sqrt(max(1, A / B)), or to match the size of AdamW's steps, so that one lr serves both methods,
   * 0.2 sqrt(max(A, B)). Default `original`.
   */
  adjustLr?: "original" | "matchRmsAdamW";
  /** Of AdamW. Default [0.9, 0.95]. */
  betas?: readonly [number, number];
  /** Least norm of a matrix, and AdamW's eps. Default 1e-7. */
  eps?: number;
}

type MuonSettings = Settings<MuonOptions>;

/**
 * Steps by a momentum that a Newton-Schulz iteration makes orthogonal, for matrices; by AdamW for the rest.
 *
 * Both decay the weights apart from the gradient, by 0.1. Give embeddings and the output layer, though matrices, in a group with
 * `method: "adamw"`, and its lr.
 *
 * @param params the parameters, or groups of them
 * @param options see MuonOptions; lr is 1e-3 by default, as in PyTorch
 * @throws SeqgradError `range` for an option outside its interval, `value` without parameters, `shape` for a parameter that is not a matrix
 *   in a group with `method: "muon"`
 * @see Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"
 * @example
 * const named = Array.from(model.namedParameters());
 * const isHidden = (name: string, { rank }: sg.Tensor) => rank === 2 && !/embed|linear/.test(name);
 * const optimizer = new sg.optim.Muon([
 *   { params: named.filter(([name, p]) => isHidden(name, p)), options: { lr: 0.02 } },
 *   { params: named.filter(([name, p]) => !isHidden(name, p)), options: { lr: 3e-4, method: "adamw" } },
 * ]);
 */
export class Muon extends Optimizer<MuonOptions> {
  constructor(params: ParametersOrGroups<MuonOptions>, options?: MuonOptions) {
    super(byMethod(params, options), options, {
      name: "Muon",
      defaults: {
        ...{ lr: 1e-3, weightDecay: 0.1, method: "auto", momentum: 0.95, nesterov: true, adjustLr: "original" },
        ...{ nsCoefficients: [3.4445, -4.775, 2.0315], nsSteps: 5, betas: [0.9, 0.95], eps: 1e-7 },
      },
      check({ method, momentum, nsSteps, adjustLr }) {
        checkChoice("Muon", "method", method, ["auto", "muon", "adamw"]);
        checkInterval("Muon", "momentum", momentum, 0, 1);
        checkInteger("Muon", "nsSteps", nsSteps, 1, 100);
        checkChoice("Muon", "adjustLr", adjustLr, ["original", "matchRmsAdamW"]);
      },
      rule: ({ method }): Rule<MuonOptions> => (method === "adamw" ? adamRule(true) : muon),
    });
  }
}

const muon = defineRule({
  state: ["momentum"],
  shaped: true,
  update({ p, g, momentum: before }, settings: MuonSettings) {
    const { lr, weightDecay, momentum, nesterov, adjustLr } = settings;
    const [rows = 1, cols = 1] = p.shape;
    const mean = average(before, g, momentum);
    const direction = orthogonal(nesterov ? average(g, mean, 1 - momentum) : mean, settings);
    const factor = adjustLr === "original" ? Math.sqrt(Math.max(1, rows / cols)) : 0.2 * Math.sqrt(Math.max(rows, cols));
    return { p: sub(affine(p, 1 - lr * weightDecay), affine(direction, lr * factor)), momentum: mean };
  },
});

/** The matrix with the same singular vectors and singular values of about 1, by a Newton-Schulz iteration. */
function orthogonal(x: Tensor, { nsCoefficients: [a, b, c], nsSteps, eps }: MuonSettings): Tensor {
  const [rows = 1, cols = 1] = x.shape;
  const isTall = rows > cols;
  let y = div(isTall ? transpose(x) : x, maximum(sqrt(sum(square(x))), eps));
  for (let i = 0; i < nsSteps; i++) {
    const gram = matmul(y, transpose(y));
    y = add(affine(y, a), matmul(add(affine(gram, b), affine(matmul(gram, gram), c)), y));
  }
  return isTall ? transpose(y) : y;
}

/** The groups, those that leave the method open as one of matrices and one of the rest. */
function byMethod(params: ParametersOrGroups<MuonOptions>, options: MuonOptions | undefined): readonly ParameterGroup<MuonOptions>[] {
  return groupsOf("Muon", params).flatMap((group) => {
    const method = group.options?.method ?? options?.method ?? "auto";
    if (method !== "auto" && method !== "muon") return [group];
    const entries = [...group.params];
    const tensors = tensorsOf("Muon", entries, new Map());
    const isMatrix = (_: unknown, i: number) => tensors[i]?.rank === 2;
    const others = entries.filter((_, i) => !isMatrix(_, i));
    const [odd] = tensors.filter((_, i) => !isMatrix(_, i));
    if (method === "muon" && odd)
      throw new SeqgradError(
        "shape",
        `Muon: a parameter of shape ${formatShape(odd.shape)} is not a matrix; put it into a group with { method: "adamw" }, or leave method at "auto".`,
      );
    if (others.length === 0 || others.length === entries.length)
      return [{ ...group, options: { ...group.options, method: others.length === 0 ? "muon" : "adamw" } }];
    return [
      { params: entries.filter(isMatrix), options: { ...group.options, method: "muon" } },
      { params: others, options: { ...group.options, method: "adamw" } },
    ];
  });
}
