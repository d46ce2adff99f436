import type { Module } from "../nn/module.js";
import { AdamW } from "../optim/adam.js";
import { constant, cosine, linearWarmup, type Schedule, sequence } from "../optim/schedules.js";
import type { Recipe } from "./recipe.js";

/** AdamW that decays matrices alone: not biases, nor the weights of a normalization. */
export function makeOptimizer(model: Module, recipe: Pick<Recipe, "lr" | "clip" | "weight-decay" | "betas">): AdamW {
  const { lr, clip, "weight-decay": weightDecay } = recipe;
  const betas = recipe.betas.split(",").map(Number) as [number, number];
  const options = { lr, betas, weightDecay: 0, clipNorm: clip };
  const params = [...model.namedParameters()];
  if (weightDecay === 0) return new AdamW(params, options);
  const matrices = params.filter(([, { rank }]) => rank > 1);
  const vectors = params.filter(([, { rank }]) => rank <= 1);
  return new AdamW(
    [
      { params: matrices, options: { weightDecay } },
      { params: vectors, options: {} },
    ],
    options,
  );
}

/** From lr / (warmup + 1) up to lr in the updates of the warm-up, then level, or down to min-lr along half a cosine until the last. */
export function makeSchedule({ schedule, warmup, steps, lr, "min-lr": low }: Recipe): Schedule | undefined {
  if (schedule === "constant" && warmup === 0) return undefined;
  const rest = schedule === "cosine" ? cosine(steps - warmup, lr === 0 ? 0 : low / lr) : constant();
  return warmup === 0 ? rest : sequence([linearWarmup(warmup, 1 / (warmup + 1)), warmup], [rest, steps - warmup]);
}
