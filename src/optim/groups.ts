import { checkTensor, InternalTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkFinite, checkInterval, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions, definedOptions } from "../util/options.js";
import { inLines, type Place } from "./arena.js";
import type { OptimizerDefinition, OptimizerOptions, Rule, Settings } from "./rule.js";

/** Parameters, or as Module.namedParameters() gives them, so that errors can name them. */
export type ParameterList = Iterable<Tensor | readonly [name: string, parameter: Tensor]>;

/** Parameters that share settings of their own; clipping is of all parameters together. */
export interface ParameterGroup<O extends OptimizerOptions> {
  readonly params: ParameterList;
  readonly options: Partial<Omit<O, "clipNorm" | "clipValue">>;
}

/** The parameters of an optimizer, or groups of them. */
export type ParametersOrGroups<O extends OptimizerOptions> = ParameterList | readonly ParameterGroup<O>[];

/** A group as it stands in the arena. */
export interface Group<O extends OptimizerOptions> {
  readonly params: readonly Tensor[];
  readonly options: Settings<O>;
}

/** A group with its rule, and the places of its parameters. */
export interface RuledGroup<O extends OptimizerOptions> extends Group<O> {
  readonly rule: Rule<O>;
  readonly places: readonly Place[];
  /** The index of its first parameter among all. */
  readonly first: number;
}

/** The groups of an optimizer, as they lie in its arenas. */
export interface Layout<O extends OptimizerOptions> {
  readonly groups: readonly RuledGroup<O>[];
  /** Elements of an arena. */
  readonly n: number;
  /** The names that were given with parameters. */
  readonly names: ReadonlyMap<Tensor, string>;
}

/** Checks parameters and options, and lays the parameters out, each once, without those that are frozen. */
export function layOut<O extends OptimizerOptions>(
  { name: op, defaults, check, rule }: OptimizerDefinition<O>,
  params: ParametersOrGroups<O>,
  options: O | undefined,
): Layout<O> {
  const known = Object.keys(defaults);
  checkOptions(op, options, [...known, "clipNorm", "clipValue"]);
  checkInterval(op, "clipNorm", options?.clipNorm ?? 0, 0);
  checkInterval(op, "clipValue", options?.clipValue ?? 0, 0);
  const names = new Map<Tensor, string>();
  const seen = new Set<InternalTensor>();
  let n = 0;
  const groups = groupsOf(op, params).map((group): RuledGroup<O> => {
    checkOptions(`${op}, a group`, group.options ?? {}, known);
    const settings = Object.assign({ ...defaults }, definedOptions(options), definedOptions(group.options));
    for (const [name, value] of Object.entries(settings)) checkLike(op, name, value, Reflect.get(defaults, name));
    check?.(settings);
    const own = [...new Set(tensorsOf(op, group.params, names))].filter((p) => p.requiresGrad && !seen.has(p));
    const first = seen.size;
    const places = own.map((param) => {
      seen.add(param);
      const place = { param, offset: n * 4 };
      n += inLines(param.size);
      return place;
    });
    return { params: own, options: settings, rule: rule(settings), places, first };
  });
  return { groups, n, names };
}

/** The groups that are given, which may be one of parameters alone. */
export function groupsOf<O extends OptimizerOptions>(op: string, params: ParametersOrGroups<O>): readonly ParameterGroup<O>[] {
  if (typeof params !== "object" || typeof params?.[Symbol.iterator] !== "function")
    throw new SeqgradError("value", `${op}: expected the parameters to train; pass model.parameters(), not the model.`);
  const list: unknown[] = [...params];
  if (list.length === 0 || !list.every(isGroup<O>)) return [{ params: list as unknown as ParameterList, options: {} }];
  for (const { params: own, ...rest } of list) {
    checkOptions(`${op}, a group`, rest, ["options"], "write { params, options: { lr } }.");
    if (typeof own !== "object" || typeof own?.[Symbol.iterator] !== "function")
      throw new SeqgradError("value", `${op}: a group's params are ${shown(own)}; give parameters in an array.`);
  }
  return list;
}

const isGroup = <O extends OptimizerOptions>(entry: unknown): entry is ParameterGroup<O> => entry instanceof Object && "params" in entry;

/** The tensors among the parameters given; notes their names. */
export function tensorsOf(op: string, params: ParameterList, names: Map<Tensor, string>): InternalTensor[] {
  return Array.from(params, (entry: unknown) => {
    if (entry instanceof InternalTensor) return entry;
    const [name, p]: readonly unknown[] = Array.isArray(entry) ? entry : ["a parameter", entry];
    const tensor = checkTensor(op, p, shown(name));
    names.set(tensor, String(name));
    return tensor;
  });
}

/** Throws unless a value is of the kind of its default: true or false, a number of at least 0, or as many numbers, decays below 1 for betas. */
function checkLike(op: string, name: string, value: unknown, normal: unknown): void {
  if (typeof normal === "boolean") checkBoolean(op, name, value);
  if (typeof normal === "number") checkInterval(op, name, value, 0);
  if (!Array.isArray(normal)) return;
  if (!Array.isArray(value) || value.length !== normal.length)
    throw new SeqgradError("value", `${op}: ${name} is ${shown(value)}; give ${normal.length} numbers, as in [${normal.join(", ")}].`);
  for (const [i, x] of value.entries())
    if (name === "betas") checkInterval(op, `${name}[${i}]`, x, 0, 1 - 2 ** -24);
    else checkFinite(op, `${name}[${i}]`, x);
}
