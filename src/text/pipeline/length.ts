import { Settings, unreadable } from "./settings.js";

/** Functions that bring ids to a length: the settings truncation and padding of tokenizer.json. */
export interface Lengths {
  /** The ids of a text, cut so that `added` more fit. */
  cut(ids: number[], added: number): number[];
  pad(ids: number[]): number[];
}

const directions = ["Right", "Left"] as const;

export function lengthsOf(truncation: unknown, padding: unknown): Lengths {
  return { cut: cutter(truncation), pad: padder(padding) };
}

function cutter(part: unknown): Lengths["cut"] {
  if (part === undefined || part === null) return (ids) => ids;
  const settings = new Settings("truncation", part);
  const longest = settings.whole("max_length");
  const direction = settings.choice("direction", directions, "Right");
  settings.choice("strategy", ["LongestFirst", "OnlyFirst", "OnlySecond"]);
  const stride = settings.whole("stride", 0);
  settings.end();
  if (stride >= longest && longest > 0) throw unreadable("truncation", `stride is ${stride}, expected less than max_length ${longest}`);
  return (ids, added) => {
    const room = Math.max(0, longest - added);
    if (ids.length <= room) return ids;
    return direction === "Right" ? ids.slice(0, room) : ids.slice(ids.length - room);
  };
}

function padder(part: unknown): Lengths["pad"] {
  if (part === undefined || part === null) return (ids) => ids;
  const settings = new Settings("padding", part);
  const strategy = settings.raw("strategy");
  const isFixed = strategy !== "BatchLongest";
  const fixed = !isFixed ? 0 : new Settings("padding.strategy", strategy).whole("Fixed");
  const direction = settings.choice("direction", directions, "Right");
  const multiple = settings.whole("pad_to_multiple_of", 0);
  const id = settings.whole("pad_id");
  for (const name of ["pad_type_id", "pad_token"]) settings.raw(name); // without effect on the ids
  settings.end();
  return (ids) => {
    let length = isFixed ? fixed : ids.length;
    if (multiple > 0) length = Math.ceil(length / multiple) * multiple;
    const missing = new Array<number>(Math.max(0, length - ids.length)).fill(id);
    return direction === "Right" ? [...ids, ...missing] : [...missing, ...ids];
  };
}
