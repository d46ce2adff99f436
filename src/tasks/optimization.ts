import type { Module } from "../nn/module.js";
import { AdamW } from "../optim/adam.js";
import { constant, cosine, linearWarmup, type Schedule, sequence } from "../optim/schedules.js";

export interface OptimizerSettings {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly weightDecay: number;
  readonly clipNorm: number;
}

/** AdamW that decays matrices alone: not biases, nor the weights of a normalization. */
export function makeOptimizer(model: Module, { lr, betas, weightDecay, clipNorm }: OptimizerSettings): AdamW {
  const options = { lr, betas, weightDecay: 0, clipNorm };
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

export interface ScheduleSettings {
  readonly schedule: "constant" | "cosine";
  readonly warmup: number;
  readonly lr: number;
  readonly minLr: number;
}

/** From lr / (warmup + 1) up to lr in the updates of the warm-up, then level, or down to minLr along half a cosine until the last. */
export function makeSchedule({ schedule, warmup, lr, minLr }: ScheduleSettings, steps: number): Schedule | undefined {
  if (schedule === "constant" && warmup === 0) return undefined;
  const rest = schedule === "cosine" ? cosine(steps - warmup, lr === 0 ? 0 : minLr / lr) : constant();
  return warmup === 0 ? rest : sequence([linearWarmup(warmup, 1 / (warmup + 1)), warmup], [rest, steps - warmup]);
}
