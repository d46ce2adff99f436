import type { RateChange } from "../engine/runs.js";
import type { LabTask, Values } from "./task.js";

/** Everything that decides a run: two machines that have the same link get the same losses. */
export interface Recipe {
  /** The id of data that ship, or the name and the hash of a file of the reader's own. */
  readonly data: string;
  readonly file?: { readonly name: string; readonly hash: string };
  readonly seed: number;
  readonly values: Values;
  readonly changes: readonly RateChange[];
  readonly deterministic: boolean;
  /** The hash of the losses up to an update, to compare with. */
  readonly expected?: { readonly step: number; readonly hash: string };
}

/** The part of an address after "#". */
export function linkOf(recipe: Recipe): string {
  const { data, file, seed, values, changes, deterministic, expected } = recipe;
  const params = new URLSearchParams({ ...(file ? { file: file.name, sha: file.hash } : { data }), seed: String(seed) });
  for (const [name, value] of Object.entries(values)) if (name !== "seed") params.set(name, String(value));
  if (changes.length > 0) params.set("rates", changes.map(({ step, lr }) => `${step}:${lr}`).join(","));
  if (!deterministic) params.set("fast", "1");
  if (expected) params.set("loss", `${expected.step}:${expected.hash}`);
  return params.toString();
}

const pairsOf = (text: string): [number, string][] =>
  text
    .split(",")
    .filter(Boolean)
    .map((pair) => {
      const [step = "", rest = ""] = pair.split(":");
      return [Number(step), rest];
    });

/** The recipe of such a part, and faults of settings that are out of their limits, which have their usual values then. */
export function recipeOf(link: string, { fields, datasets }: Pick<LabTask, "fields" | "datasets">): { recipe: Recipe; faults: string[] } {
  const params = new URLSearchParams(link);
  const faults: string[] = [];
  const values: Record<string, number | string> = {};
  for (const field of fields) {
    const text = params.get(field.name);
    values[field.name] = field.default;
    if (text === null) continue;
    if (field.kind === "choice") {
      if (field.options.some(([value]) => value === text)) values[field.name] = text;
      else faults.push(`${field.label} is "${text}"; expected one of ${field.options.map(([value]) => value).join(", ")}`);
      continue;
    }
    const value = Number(text);
    const isGood = value >= field.min && value <= field.max && (field.kind === "number" || Number.isInteger(value));
    if (isGood) values[field.name] = value;
    else
      faults.push(
        `${field.label} is ${text}; expected a ${field.kind === "integer" ? "whole " : ""}number from ${field.min} to ${field.max}`,
      );
  }
  const [first] = datasets;
  const asked = params.get("data");
  const isKnown = datasets.some(({ id }) => id === asked);
  if (asked !== null && !isKnown) faults.push(`the data "${asked}" do not ship with this page`);
  const [name, hash] = [params.get("file"), params.get("sha")];
  const seed = Number(params.get("seed") ?? 1);
  if (!Number.isSafeInteger(seed) || seed < 0) faults.push(`the seed is ${params.get("seed")}; expected a whole number of at least 0`);
  const [step, digits] = pairsOf(params.get("loss") ?? "")[0] ?? [];
  const recipe: Recipe = {
    ...{ data: isKnown && asked ? asked : (first?.id ?? ""), values, deterministic: params.get("fast") !== "1" },
    seed: Number.isSafeInteger(seed) && seed >= 0 ? seed : 1,
    changes: pairsOf(params.get("rates") ?? "")
      .map(([at, lr]) => ({ step: at, lr: Number(lr) }))
      .filter(({ step: at, lr }) => at >= 0 && lr >= 0),
    ...(name && hash && { file: { name, hash } }),
    ...(step && digits && { expected: { step, hash: digits } }),
  };
  return { recipe, faults };
}

/** Sixteen digits of the SHA-256 of a text. */
export async function hashOf(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes).subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
