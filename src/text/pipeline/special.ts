import { isRecord, isWhole, kindOf } from "../../util/check.js";
import { type SpecialIds, specialIds, type TokenHints } from "../tokenizer.js";
import type { Frame } from "./frame.js";
import { unreadable } from "./settings.js";

/**
 * The special tokens of a tokenizer.json: those that its post-processor puts around a text, else those that the folder's other files name,
 * else tokens of usual names. A text ends at each of the folder's end tokens.
 */
export function specialOf(
  ids: ReadonlyMap<string, number>,
  tokens: ReadonlyMap<number, string>,
  { before, after }: Frame,
  unk: number | undefined,
  { config = {}, tokenizerConfig = {}, generationConfig = {} }: TokenHints,
): SpecialIds {
  const usual = specialIds((token) => ids.get(token));
  const numbered = (part: string): number[] => {
    const name = `${part}_token_id`;
    const value = generationConfig[name] ?? config[name] ?? [];
    const list: unknown[] = Array.isArray(value) ? value : [value];
    if (!list.every(isWhole)) {
      const odd = kindOf(list.find((id) => !isWhole(id)));
      throw unreadable("the folder's configuration", `${name} has ${odd}, expected whole numbers`);
    }
    // A model may have more rows than its tokenizer has tokens; an id without a token ends nothing.
    return list.filter((id) => tokens.has(id));
  };
  const named = (part: string): number | undefined => {
    const value = tokenizerConfig[`${part}_token`];
    const token = isRecord(value) ? value.content : value;
    return typeof token === "string" ? ids.get(token) : undefined;
  };
  const eos = after[0] ?? named("eos") ?? numbered("eos")[0] ?? usual.eos;
  const ends = numbered("eos").length > 0 ? numbered("eos") : usual.ends;
  return {
    pad: named("pad") ?? numbered("pad")[0] ?? usual.pad,
    sos: before[0] ?? named("bos") ?? numbered("bos")[0] ?? usual.sos,
    eos,
    unk: unk ?? named("unk") ?? usual.unk,
    ends: [...new Set([...(eos === undefined ? [] : [eos]), ...ends])],
  };
}
