import { type TensorValue, valueFault } from "../tensor/value.js";
import { kindOf, shown } from "../util/check.js";
import type { Shape } from "../util/shape.js";

/** The state that resumes an optimizer exactly: its step count, each group's learning rate, and its state by name. */
export interface OptimizerState {
  readonly steps: number;
  readonly lr: readonly number[];
  /** How many of the steps each parameter had no gradient in. Default: none. */
  readonly skipped?: readonly number[];
  readonly tensors: Map<string, TensorValue>;
}

/** Lists all that is wrong with a state, given the optimizer's numbers of groups and parameters, and its entries with their shapes. */
export function stateFaults(
  state: OptimizerState,
  groups: number,
  params: number,
  entries: Iterable<readonly [name: string, address: number, shape: Shape]>,
): string[] {
  if (!(state?.tensors instanceof Map && Array.isArray(state.lr)))
    return [`it is ${kindOf(state)}, expected { steps, lr, tensors } as stateDict() gives it`];
  const { steps, lr, skipped, tensors } = state;
  const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
  const faults: string[] = [];
  if (!isCount(steps)) faults.push(`steps is ${shown(steps)}, expected a whole number of at least 0`);
  if (lr.length !== groups) faults.push(`lr has ${lr.length} learning rates, expected ${groups}`);
  for (const [i, rate] of lr.entries())
    if (!(Number.isFinite(rate) && rate >= 0)) faults.push(`lr[${i}] is ${shown(rate)}, expected a number of at least 0`);
  const isSkipped = Array.isArray(skipped) && skipped.length === params && skipped.every((n) => isCount(n) && n <= steps);
  if (skipped !== undefined && !isSkipped) faults.push(`skipped is not a list of ${params} counts of at most steps`);
  const wanted = new Set<unknown>();
  for (const [name, , shape] of entries) {
    wanted.add(name);
    const fault = tensors.has(name) ? valueFault(name, tensors.get(name), { dtype: "float32", shape }) : `${name} is missing`;
    if (fault) faults.push(fault);
  }
  for (const name of tensors.keys()) if (!wanted.has(name)) faults.push(`${shown(name)} is not wanted`);
  return faults;
}
