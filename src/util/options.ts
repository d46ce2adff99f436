import { kindOf, shown } from "./check.js";
import { SeqgradError } from "./errors.js";
import { nearest } from "./suggest.js";

/** Names that other libraries give to what has another name here. */
const aliases: Readonly<Record<string, string>> = {
  dim: "axis",
  axes: "axis",
  keepdim: "keepDims",
  keepdims: "keepDims",
  learningRate: "lr",
  rate: "lr",
  isCausal: "causal",
  padding_idx: "paddingIndex",
  attnMask: "mask",
  attention_mask: "mask",
  attnBias: "bias",
  maxNewTokens: "maxTokens",
  maxLength: "maxTokens",
  numBeams: "beam",
  beams: "beam",
  nlayers: "numLayers",
  dtypes: "dtype",
  type: "dtype",
  beta1: "betas",
  beta2: "betas",
  l2: "weightDecay",
  maxGradNorm: "clipNorm",
  hiddenSize: "hidden",
  embeddingSize: "embedding",
  vocabSize: "vocab",
  maxSize: "vocab",
  batchSize: "batch",
  vocabularySize: "vocab",
  sourceVocabulary: "sourceVocab",
  targetVocabulary: "targetVocab",
  blockSize: "context",
  contextLength: "context",
  sequenceLength: "context",
  keyValueHeads: "kvHeads",
  cell: "arch",
  unbiased: "correction",
  weights: "weight",
};

/** Options of other libraries whose behavior is fixed here. */
const settled: Readonly<Record<string, string>> = {
  batchfirst: "The batch always comes first here.",
  inplace: "No operation changes its arguments here.",
  requiresgrad: "Parameters have gradients; set tensor.requiresGrad = false to freeze one.",
  device: "Tensors are made on the default device, which init(), or withDevice() for a while, sets.",
};

const plain = (name: string) => name.replace(/[_\-\s]/g, "").toLowerCase();

/** The same under names that are written in another way: `padding_idx` and `paddingIdx`. */
const aliasOf = new Map(Object.entries(aliases).map(([name, meant]) => [plain(name), meant]));

/**
 * The names of a type's options, each once: the compiler knows when one is missing or not an option.
 * @example
 * const names = namesOf<{ axis?: number; keepDims?: boolean }>({ axis: 1, keepDims: 1 }); // = ["axis", "keepDims"]
 */
export const namesOf = /* @__NO_SIDE_EFFECTS__ */ <O>(names: Readonly<Record<keyof O, number>>): readonly string[] => Object.keys(names);

/**
 * Refuses options that the operation does not know, and options that are not an object: nothing that a caller writes is ignored.
 * Call it once, where the public API is entered, with the names of the options. `undefined` means no options.
 *
 * @param advice what to say of options that are not an object; by default they are taken for the first of the options
 * @throws SeqgradError `value`, with the name that was meant, or with all names.
 * @example
 * checkOptions("Adam", { lr: 0.1 }, ["lr", "betas"]);
 */
export function checkOptions(op: string, options: unknown, known: readonly string[], advice?: string): void {
  if (options === undefined) return;
  const names = isObject(options) ? Object.keys(options) : [];
  // A tensor, a Map or another thing of its own kind that holds no option was meant for another place.
  if (!isObject(options) || (!names.some((name) => known.includes(name)) && kindOf(options) !== "an object"))
    throw new SeqgradError("value", `${op}: the options are ${shown(options)}; ${advice ?? example(op, options, known)}`);
  for (const name of names) {
    if (known.includes(name)) continue;
    const meant = meantBy(name, known);
    const all = known.length > 0 ? `The options are ${known.join(", ")}.` : "It takes no options.";
    const fact = settled[plain(name)];
    throw new SeqgradError("value", `${op}: "${name}" is not an option. ${meant ? `Did you mean "${meant}"?` : (fact ?? all)}`);
  }
}

/** The known name that was meant by another, of another library or misspelled; `spell` writes the names as the known ones are. */
export function meantBy(name: string, known: readonly string[], spell = (option: string) => option): string | undefined {
  const alias = aliasOf.get(plain(name));
  return alias !== undefined && known.includes(spell(alias)) ? spell(alias) : nearest(name, known);
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** The same of a config, which there must be. */
export function checkConfig(op: string, config: unknown, known: readonly string[]): void {
  checkOptions(op, config ?? null, known, `give its config, as in new ${op}({ ${known.slice(0, 2).join(": …, ")}: … }).`);
}

/** The code of a value given instead of options. */
function example(op: string, value: unknown, [first]: readonly string[]): string {
  if (first === undefined) return "it takes no options.";
  const isShort = ["number", "boolean", "string", "bigint"].includes(typeof value);
  return `write ${op}(…, { ${first}: ${isShort ? shown(value) : "…"} }).`;
}

/** The error about an option that another one leaves without effect: `heads is for arch transformer, and the model is gru`. */
export const strayOption = (op: string, name: string, owner: string, state: string): SeqgradError =>
  new SeqgradError("value", `${op}: ${name} is for ${owner}, and ${state}; leave it out.`);

/** The options that are given: those that are not undefined. */
export const definedOptions = (options: object = {}): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** The options of these names, for a part that knows no others. */
export const optionsAmong = <O extends object>(options: O, names: readonly string[]): O =>
  Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name))) as O;

/**
 * Refuses what stands behind the last argument: it would be ignored. An array's map() hands a function the index and the array as well,
 * which is not a mistake.
 * @example
 * const square = (x: number, ...extra: never[]) => (refuseExtra("square", extra), x * x);
 */
export function refuseExtra(op: string, extra: readonly unknown[], advice = "it takes no more arguments"): void {
  if (extra.length === 0 || (extra.length === 2 && Array.isArray(extra[1]) && typeof extra[0] === "number")) return;
  throw new SeqgradError("value", `${op}: got ${shown(extra[0])} behind its last argument; ${advice}.`);
}
