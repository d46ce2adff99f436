import type { Given } from "../util/schema.js";

/** Names in a training_args.json of version 0.1, and their names now. */
const renamed: Readonly<Record<string, string>> = {
  cell: "arch",
  seq: "context",
  val: "validation",
  "val-file": "validationFile",
  clip: "clipNorm",
  tie: "tieWeights",
  vocabulary: "vocab",
  "max-length": "context",
  "eval-every": "evaluateEvery",
};

const camelOf = (word: string): string => word.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The options of a run under the names of this version, whichever version recorded them. Those of 0.1 had the names of its flags. */
export function currentOptions(json: Given): Given {
  if (!("val" in json)) return json;
  const { arch, "one-way": oneWay, betas, files, embed, ...others } = json;
  const isTransformer = arch === "transformer"; // of a language model; a task had its cell
  const rest = { ...others, ...(embed !== undefined && (isTransformer ? { hidden: embed } : { embed })) };
  const nameOf = (word: string) => renamed[word] ?? camelOf(word);
  const inNow = (old: object) => Object.fromEntries(Object.entries(old).map(([word, value]) => [nameOf(word), value]));
  return {
    ...inNow(rest),
    ...(isTransformer && { arch }),
    ...(oneWay !== undefined && { bidirectional: oneWay !== true && others.attention !== "dot" }),
    ...(typeof betas === "string" && { betas: betas.split(",").map(Number) }),
    ...(typeof files === "object" && files !== null && { files: inNow(files) }),
  };
}
