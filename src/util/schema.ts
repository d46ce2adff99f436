import { shown } from "./check.js";
import { type ErrorCode, SeqgradError } from "./errors.js";
import { checkOptions, definedOptions } from "./options.js";
import { nearest } from "./suggest.js";

/** Options by name, whatever they are. */
export type Given = Readonly<Record<string, unknown>>;

/** How messages name an option: `TextClassifier.create: minCount`, or on the command line `--min-count`. */
export interface Voice {
  /** The call that failed, as `TextClassifier.create`; empty on the command line. */
  readonly op: string;
  spell(name: string): string;
}

export const inCode = (op: string): Voice => ({ op, spell: (name) => name });

/** The command line's name of an option: `--min-count` for `minCount`. */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

export const asFlags: Voice = { op: "", spell: flagOf };

/** The error about options: `op: text.`, or on the command line the text alone. */
export const complaint = ({ op }: Voice, text: string, code: ErrorCode = "value"): SeqgradError =>
  new SeqgradError(code, `${op === "" ? "" : `${op}: `}${text}.`);

/** Values by the option that has one of them. */
export type Conditions = Readonly<Record<string, readonly unknown[]>>;

/** The description of an option, without its values. */
export interface Spec<T> {
  readonly help: string;
  /** The value where it is left out, or a function of the options that are given. */
  readonly default: T | ((options: Given) => T);
  /** The default in words, for the help, where it is a function. */
  readonly usually?: string;
  /** The values of other options with which the option has an effect; without it all. */
  readonly only?: Conditions;
  /** Options that take its place where all of them are given. */
  readonly instead?: readonly string[];
  /**
   * The reason why a resumed run must have the value of the run, as the end of "was made with 5 ..."; undefined where it may differ. By
   * default it must not differ.
   */
  readonly whyFixed?: (options: Given) => string | undefined;
}

/** An option: its values, its default, its help, and how the command line writes it. T is undefined where there is no default. */
export interface Option<T> {
  readonly help: string;
  readonly usually: string;
  /** Stands for the value in the help, as N; empty for a flag without a value; undefined for an option that has no flag. */
  readonly hint: string | undefined;
  readonly only: Conditions;
  readonly instead: readonly string[];
  fallback(options: Given): T;
  /** The reason why a value is refused, as `{ code, advice }`; undefined for one that is taken. */
  fault(value: unknown): { readonly code: ErrorCode; readonly advice: string } | undefined;
  /** The value that a word of the command line stands for; a word that stands for none is returned as it is. */
  read(word: string): unknown;
  whyFixed(options: Given): string | undefined;
}

interface Form {
  readonly hint: string | undefined;
  fault: Option<unknown>["fault"];
  read?(word: string): unknown;
  show?(value: unknown): string;
}

function option<T>(spec: Spec<T>, { hint, fault, read = (word) => word, show = String }: Form): Option<T> {
  const { help, default: value, only = {}, instead = [], whyFixed = () => "" } = spec;
  const isFunction = (x: T | ((options: Given) => T)): x is (options: Given) => T => typeof x === "function";
  const fallback = (options: Given) => (isFunction(value) ? value(options) : value);
  const usually = spec.usually ?? (isFunction(value) || hint === "" ? "" : show(value));
  return { help, usually, hint, only, instead, fallback, fault, read, whyFixed };
}

interface Bounds {
  readonly min?: number;
  readonly max?: number;
  readonly hint?: string;
}

/** The number that a word stands for; a blank word stands for none. */
const numberIn = (word: string): unknown => (word.trim() === "" || Number.isNaN(Number(word)) ? word : Number(word));

const intervalOf = (min: number, max: number, whole: number) => (max >= whole ? `of at least ${min}` : `from ${min} to ${max}`);

/** A whole number from `min` to `max`. */
export function integer({ min = 0, max = 2 ** 31 - 1, hint = "N", ...spec }: Bounds & Spec<number>): Option<number> {
  const advice = `give a whole number ${intervalOf(min, max, 2 ** 31 - 1)}`;
  const isGood = (value: unknown) => typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
  return option(spec, { hint, read: numberIn, fault: (value) => (isGood(value) ? undefined : { code: "range", advice }) });
}

/** A finite number from `min` to `max`. */
export function number({ min = 0, max = Number.MAX_VALUE, hint = "X", ...spec }: Bounds & Spec<number>): Option<number> {
  const advice = `give a number ${intervalOf(min, max, Number.MAX_VALUE)}`;
  const isGood = (value: unknown) => typeof value === "number" && value >= min && value <= max;
  return option(spec, { hint, read: numberIn, fault: (value) => (isGood(value) ? undefined : { code: "range", advice }) });
}

/** One of some words. */
export function choice<const T extends string>(words: readonly T[], spec: Spec<NoInfer<T>> & { readonly hint?: string }): Option<T> {
  const list = words.join(", ");
  const fault = (value: unknown) => {
    if (words.some((word) => word === value)) return undefined;
    const meant = typeof value === "string" ? nearest(value, words) : undefined;
    return { code: "value", advice: meant ? `did you mean "${meant}"? There are ${list}` : `use ${list}` } as const;
  };
  return option(spec, { hint: spec.hint ?? words.join("|"), fault });
}

/** True or false: a flag without a value, or with `true` or `false` where true is the default. */
export function boolean(spec: Spec<boolean>): Option<boolean> {
  const read = (word: string) => (word === "true" ? true : word === "false" ? false : word);
  const fault = (value: unknown) => (typeof value === "boolean" ? undefined : ({ code: "value", advice: "give true or false" } as const));
  return option(spec, { hint: spec.default === false ? "" : "true|false", read, fault });
}

/** Any text; `fault` says what is wrong with one. */
export function text(
  spec: Spec<string> & {
    readonly hint: string;
    readonly code?: ErrorCode;
    readonly what?: string;
    readonly fault?: (text: string) => string | undefined;
  },
): Option<string> {
  const fault = (value: unknown) => {
    const advice = typeof value === "string" ? spec.fault?.(value) : `give ${spec.what ?? "a string"}`;
    return advice === undefined ? undefined : ({ code: spec.code ?? "value", advice } as const);
  };
  return option(spec, { hint: spec.hint, fault });
}

/** A list of numbers, between commas on the command line. */
export function numbers<T extends readonly number[]>(
  spec: Spec<T> & { readonly hint: string; readonly advice: string; isGood(list: readonly number[]): boolean },
): Option<T> {
  const isList = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every(Number.isFinite);
  return option(spec, {
    hint: spec.hint,
    read: (word) => word.split(",").map(numberIn),
    fault: (value) => {
      if (!isList(value)) return { code: "value", advice: spec.advice };
      return spec.isGood(value) ? undefined : { code: "range", advice: spec.advice };
    },
  });
}

/** A value of the program, which the command line cannot write. */
export const own = <T>(help: string, isGood: (value: unknown) => boolean, advice: string): Option<T | undefined> =>
  option<T | undefined>(
    { help, default: undefined },
    { hint: undefined, fault: (value) => (isGood(value) ? undefined : { code: "value", advice }) },
  );

/** The options of an interface, each with its schema: the compiler knows when one is missing, or is of another type. */
export type Fields<O = Given> = { readonly [K in keyof O]-?: Option<O[K] | undefined> };

export type AnyFields = Readonly<Record<string, Option<unknown>>>;

/** All options, with the defaults of those that are left out. */
export type Values<F> = { readonly [K in keyof F]: F[K] extends Option<infer T> ? T : never };
/** The options that may be given. */
export type OptionsOf<F> = { readonly [K in keyof F]?: F[K] extends Option<infer T> ? Exclude<T, undefined> : never };

/** Returns the reason why options do not go together, or undefined. */
export type Rule<F> = (values: Values<F>, options: OptionsOf<F>, spell: Voice["spell"]) => string | undefined;

/**
 * The options of a call: the one place that says their names, types, ranges, defaults and help. The call checks and completes what it is
 * given by it, and the command line has its flags, help and records from it.
 */
export interface Schema<F> {
  readonly fields: F;
  /**
   * The options, when their names and values are good.
   * @param known what else is settled, as the `arch` of a model that is there
   * @throws SeqgradError `value` or `range`
   */
  check(input: unknown, voice: Voice, known?: Given): OptionsOf<F>;
  /** The same with the defaults of those that are left out, when they go together. */
  complete(input: unknown, voice: Voice, known?: Given): Values<F>;
  /** The options that are among these values, have an effect there and are not the default. @throws SeqgradError as check() */
  among(values: Given, voice?: Voice): OptionsOf<F>;
}

/** The reason why an option has no effect. */
type Obstacle =
  | { readonly other: string; readonly values: readonly unknown[]; readonly value: unknown }
  | { readonly instead: readonly string[] };

/** The reason why an option has no effect among others, by their values or defaults; undefined where it has one. */
function obstacleOf(fields: AnyFields, name: string, options: Given): Obstacle | undefined {
  const { only = {}, instead = [] } = fields[name] ?? {};
  if (instead.length > 0 && instead.every((other) => options[other] !== undefined)) return { instead };
  for (const [other, values] of Object.entries(only)) {
    const value = options[other] ?? fields[other]?.fallback(options);
    if (value !== undefined && !values.includes(value)) return { other, values, value };
  }
  return undefined;
}

/** True if an option has an effect among others. */
export const applies = (fields: AnyFields, name: string, options: Given): boolean => obstacleOf(fields, name, options) === undefined;

/** True for equal values of an option, which are words, numbers or lists of them. */
export const isSame = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

/**
 * A schema of fields.
 * @example
 * const options = schema({ hidden: integer({ min: 1, default: 128, help: "Units of a layer" }) });
 * options.complete({}, inCode("Model")); // = { hidden: 128 }
 */
export function schema<F extends AnyFields>(fields: F, ...rules: readonly Rule<F>[]): Schema<F> {
  const names = Object.keys(fields);
  const check = (input: unknown, voice: Voice, known: Given = {}): OptionsOf<F> => {
    checkOptions(voice.op, input, names);
    const options = definedOptions(input ?? {});
    for (const [name, value] of Object.entries(options)) checkValue(fields, name, value, voice);
    checkEffects(fields, options, voice, { ...known, ...options });
    return options as OptionsOf<F>; // checked just now
  };
  return {
    fields,
    check,
    complete(input, voice, known = {}) {
      const options = check(input, voice, known);
      const values = completed(fields, { ...known, ...options }) as Values<F>; // each from its own option
      for (const rule of rules) {
        const fault = rule(values, options, voice.spell);
        if (fault !== undefined) throw complaint(voice, fault);
      }
      return values;
    },
    among(values, voice = inCode("options")) {
      const isSaid = ([name, field]: [string, Option<unknown>]) =>
        values[name] !== undefined && applies(fields, name, values) && !isSame(values[name], field.fallback(values));
      const said = Object.entries(fields).filter(isSaid);
      return check(Object.fromEntries(said.map(([name]) => [name, values[name]])), voice, values);
    },
  };
}

/** All options of the fields: what is given, and the defaults, which may depend on the options before them. */
export function completed(fields: AnyFields, options: Given): Given {
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) values[name] = options[name] ?? field.fallback({ ...options, ...values });
  return values;
}

/** Refuses a value that the option does not take. @param word what was written for it */
export function checkValue(fields: AnyFields, name: string, value: unknown, voice: Voice, word = value): void {
  const fault = fields[name]?.fault(value);
  if (fault)
    throw complaint(
      voice,
      `${voice.spell(name)} is ${Array.isArray(word) ? `[${word.map(shown).join(", ")}]` : shown(word)}; ${fault.advice}`,
      fault.code,
    );
}

/** Refuses options without an effect: of another architecture, or next to options that leave no use for them. */
export function checkEffects(fields: AnyFields, given: Given, { op, spell }: Voice, options: Given): void {
  for (const name of Object.keys(given)) {
    const obstacle = obstacleOf(fields, name, options);
    if (!obstacle) continue;
    const all = (words: readonly unknown[]) => words.join(", ").replace(/, ([^,]+)$/, " and $1");
    if ("instead" in obstacle) {
      const others = all(obstacle.instead.map(spell));
      throw complaint({ op, spell }, `${spell(name)} has no effect where ${others} is given; leave one of them out`);
    }
    const { other, values, value } = obstacle;
    const owner = `${spell(name)} is for ${spell(other)} ${all(values)}`;
    if (other !== "arch") throw complaint({ op, spell }, `${owner}, and the ${other} is ${value}; leave it out, or give the ${other}`);
    const mine = Object.keys(fields).filter((own) => fields[own]?.only.arch?.includes(value));
    const has = mine.length > 0 ? `, which has ${mine.map(spell).join(" ")}` : "";
    throw complaint({ op, spell }, `${owner}, and the model is ${value}${has}; leave it out`);
  }
}
