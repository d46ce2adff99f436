import { type TensorValue, valueFault } from "../tensor/value.js";
import { kindOf, shown } from "../util/check.js";
import type { Shape } from "../util/shape.js";
import type { RuleNumbers } from "./ledger.js";

/** The state that resumes an optimizer exactly: its step count, each group's learning rate, and its state by name. */
export interface OptimizerState {
  readonly steps: number;
  readonly lr: readonly number[];
  /** How many of the steps each parameter had no gradient in. Default: none. */
  readonly skipped?: readonly number[];
  /** The numbers that each parameter has besides its tensors, if there are any. */
  readonly numbers?: readonly RuleNumbers[];
  /** True if the parameters held the weights to evaluate: see Optimizer.eval(). Default false. */
  readonly evaluating?: boolean;
  readonly tensors: Map<string, TensorValue>;
}

/** Lists all that is wrong with a state, given the number of groups, the numbers of each parameter, and the entries with their shapes. */
export function stateFaults(
  state: OptimizerState,
  groups: number,
  expected: readonly RuleNumbers[],
  entries: Iterable<readonly [name: string, address: number, shape: Shape]>,
): string[] {
  if (!(state?.tensors instanceof Map && Array.isArray(state.lr)))
    return [`it is ${kindOf(state)}, expected { steps, lr, tensors } as stateDict() gives it`];
  const { steps, lr, skipped, numbers, evaluating, tensors } = state;
  const params = expected.length;
  const faults: string[] = [];
  if (!isCount(steps)) faults.push(`steps is ${shown(steps)}, expected a whole number of at least 0`);
  if (lr.length !== groups) faults.push(`lr has ${lr.length} learning rates, expected ${groups}`);
  for (const [i, rate] of lr.entries())
    if (!(Number.isFinite(rate) && rate >= 0)) faults.push(`lr[${i}] is ${shown(rate)}, expected a number of at least 0`);
  const isSkipped = Array.isArray(skipped) && skipped.length === params && skipped.every((n) => isCount(n) && n <= steps);
  if (skipped !== undefined && !isSkipped) faults.push(`skipped is not a list of ${params} counts of at most steps`);
  if (!areNumbers(numbers, expected)) faults.push("numbers is not a list of the numbers of each parameter");
  if (evaluating !== undefined && typeof evaluating !== "boolean")
    faults.push(`evaluating is ${shown(evaluating)}, expected true or false`);
  const names = new Set<unknown>();
  for (const [name, , shape] of entries) {
    names.add(name);
    const fault = tensors.has(name) ? valueFault(name, tensors.get(name), { dtype: "float32", shape }) : `${name} is missing`;
    if (fault) faults.push(fault);
  }
  for (const name of tensors.keys()) if (!names.has(name)) faults.push(`${shown(name)} is not expected`);
  return faults;
}

const isCount = (n: number) => Number.isSafeInteger(n) && n >= 0;

/** True if each parameter has a finite number under each of the names expected; where none is, there may be no list. */
function areNumbers(numbers: OptimizerState["numbers"], expected: readonly RuleNumbers[]): boolean {
  const names = expected.map((own) => Object.keys(own));
  if (numbers === undefined) return names.every(({ length }) => length === 0);
  if (!Array.isArray(numbers) || numbers.length !== expected.length) return false;
  return names.every((own, i) => typeof numbers[i] === "object" && own.every((name) => Number.isFinite(numbers[i]?.[name])));
}
