import { isWhole } from "../../util/check.js";
import { make, Settings, unreadable } from "./settings.js";

/** The ids before and after a text. */
export interface Frame {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const bare: Frame = { before: [], after: [] };

/** The tokens that the post-processor of tokenizer.json puts around one text. */
export function frameOf(where: string, part: unknown): Frame {
  if (part === undefined || part === null) return bare;
  const pair = (settings: Settings, name: string): number => {
    const [token, id] = settings.list(name);
    if (typeof token !== "string" || !isWhole(id)) throw unreadable(settings.where, `${name} is not a token and its id`);
    return id;
  };
  const bert = (settings: Settings): Frame => {
    for (const name of ["trim_offsets", "add_prefix_space"]) settings.raw(name); // without effect on the ids
    return { before: [pair(settings, "cls")], after: [pair(settings, "sep")] };
  };
  return make<Frame>(where, part, {
    ByteLevel: (settings) => {
      for (const name of ["add_prefix_space", "trim_offsets", "use_regex"]) settings.raw(name);
      return bare;
    },
    BertProcessing: bert,
    RobertaProcessing: bert,
    TemplateProcessing: template,
    Sequence: (settings) =>
      settings
        .list("processors")
        .map((step, i) => frameOf(`${settings.where}.processors[${i}]`, step))
        .reduce(({ before, after }, next) => ({ before: [...next.before, ...before], after: [...after, ...next.after] }), bare),
  });
}

/** The template of one text, such as [CLS] $A [SEP]; the template of two is not used here. */
function template(settings: Settings): Frame {
  settings.raw("pair");
  const tokens = settings.within("special_tokens");
  const idsOf = (name: string): readonly number[] => {
    const ids = tokens.has(name) ? tokens.within(name).list("ids") : undefined;
    if (!ids?.every(isWhole)) throw unreadable(settings.where, `special_tokens lacks the ids of ${JSON.stringify(name)}`);
    return ids;
  };
  const before: number[] = [];
  const after: number[] = [];
  let texts = 0;
  for (const [i, item] of settings.list("single").entries()) {
    const piece = new Settings(`${settings.where}.single[${i}]`, item);
    if (piece.has("Sequence")) texts++;
    else for (const id of idsOf(piece.within("SpecialToken").text("id"))) (texts === 0 ? before : after).push(id);
  }
  if (texts !== 1) throw unreadable(settings.where, `single has ${texts} sequences, expected one`);
  return { before, after };
}
