import { finish, type Pieces } from "../util/breath.js";
import { checkArray, kindOf } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { meansOf, type Score, scoreOf } from "./classification.js";
import { checkPairs, checkTexts } from "./pairs.js";

/** The words from `start` to below `end`. */
export interface EntitySpan {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Lists the entities that a sentence's tags mark, in the forms BIO (also IOB1), BIOES and BILOU, by the rules of the script conlleval.
 *
 * An entity begins at B- or S-, at I- or E- of another type or after O, and after E- or S-; it ends before the next begins, and at O. L- is
 * E-, U- is S-.
 *
 * @param tags a tag for each word
 * @returns the entities, in order
 * @example
 * sg.metrics.entitySpans(["B-person", "I-person", "O", "B-place"]).map(({ type }) => type); // = ["person", "place"]
 */
export function entitySpans(tags: readonly string[]): EntitySpan[] {
  if (!Array.isArray(tags)) throw new SeqgradError("value", `entitySpans: the tags are ${kindOf(tags)}; give a list of strings.`);
  checkTexts("entitySpans", tags);
  const spans: EntitySpan[] = [];
  let open: { type: string; start: number } | undefined;
  let previous = "O";
  for (const [i, tag] of [...tags, "O"].entries()) {
    const [prefix, type] = partsOf(tag);
    const goesOn = open !== undefined && type === open.type && (prefix === "I" || prefix === "E") && !"ES".includes(previous);
    if (!goesOn) {
      if (open) spans.push({ ...open, end: i });
      open = prefix === "O" ? undefined : { type, start: i };
    }
    previous = prefix;
  }
  return spans;
}

/** "B-person" -> B, person; a tag without a prefix of one letter counts as inside an entity of that type. */
function partsOf(tag: string): [prefix: string, type: string] {
  if (tag === "O" || tag === "") return ["O", ""];
  const [, letter, type = ""] = /^([BIESLU])(?:-(.*))?$/s.exec(tag) ?? [];
  if (letter === undefined) return ["I", tag];
  // BILOU: the last word of an entity, and an entity of one word.
  return [letter === "L" ? "E" : letter === "U" ? "S" : letter, type];
}

export interface EntityReport extends Score {
  /** By type of entity, with the number of its entities in the targets. */
  readonly types: ReadonlyMap<string, Score & { readonly support: number }>;
  /** The mean over the types. */
  readonly macro: Score;
  /** The mean over the types, each weighted by the number of its entities in the targets. */
  readonly weighted: Score;
}

/**
 * Measures precision, recall and F1 of entities, each right only when its first word, last word and type are right.
 *
 * @param predictions the tags of each sentence
 * @param targets the right tags of each sentence
 * @returns the scores, from 0 to 1, over all and by type
 * @throws SeqgradError `shape` if sentences or words differ in number, `value` for no sentence
 * @see Tjong Kim Sang and Buchholz 2000, the script conlleval; seqeval's default mode gives the same for BIO
 * @example
 * sg.metrics.entityF1([["B-person", "O", "O"]], [["B-person", "O", "B-place"]]).f1; // = 2 / 3
 */
export function entityF1(predictions: readonly (readonly string[])[], targets: readonly (readonly string[])[]): EntityReport {
  return finish(countedEntities(predictions, targets));
}

/** The same in pieces. */
export function* countedEntities(
  predictions: readonly (readonly string[])[],
  targets: readonly (readonly string[])[],
): Pieces<EntityReport> {
  checkPairs("entityF1", predictions, targets);
  checkArray("entityF1", "targets", targets, "a list of tags for each sentence");
  const counts = new Map<string, { right: number; predicted: number; expected: number }>();
  const countOf = (type: string) => {
    const count = counts.get(type) ?? { right: 0, predicted: 0, expected: 0 };
    counts.set(type, count);
    return count;
  };
  for (const [i, expected] of targets.entries()) {
    yield;
    const got = predictions[i]!;
    if (got?.length !== 0 || expected?.length !== 0) checkPairs(`entityF1: sentence ${i}`, got, expected);
    const keyOf = ({ type, start, end }: EntitySpan) => `${start} ${end} ${type}`;
    const spans = entitySpans(expected);
    const right = new Set(spans.map(keyOf));
    for (const { type } of spans) countOf(type).expected++;
    for (const span of entitySpans(got)) {
      countOf(span.type).predicted++;
      if (right.has(keyOf(span))) countOf(span.type).right++;
    }
  }
  const all = [...counts.values()];
  const total = (key: "right" | "predicted" | "expected") => all.reduce((sum, count) => sum + count[key], 0);
  const rows = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, c]) => [type, { ...scoreOf(c.right, c.predicted, c.expected), support: c.expected }] as const);
  return {
    ...scoreOf(total("right"), total("predicted"), total("expected")),
    types: new Map(rows),
    ...meansOf(rows.map(([, score]) => score)),
  };
}
