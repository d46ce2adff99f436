import { isRecord } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { isWord, scriptOf } from "./word-break.js";

/** Signs with a blank on no side: the signs of East Asia's scripts, which bring their own room. */
const isWide = (sign: string) => /^[\u3000-\u303f\u30fb\uff00-\uffef]/.test(sign);

/** The default: signs that end something, and signs that open it. */
const ends = /^[,.!?;:%)\]}»”’।…]+$/u;
const opens = /[([{«“‘¿¡]$/u;

const isSign = (token: string) => !isWord(token);

/** The script without spaces that a word is in. */
const scriptIn = (word: string) => scriptOf(word.codePointAt(0));

/** The words of a text that stand side by side without a blank, as far as the words show it. */
export class Spacing {
  /** Signs without a blank before them, and after them; undefined where no text was seen. */
  readonly #signs: { readonly before: ReadonlySet<string>; readonly after: ReadonlySet<string> } | undefined;
  /** True if there is none between a word in a script without spaces and one in another. */
  readonly #mixed: boolean;

  constructor(signs?: { readonly before: Iterable<string>; readonly after: Iterable<string> }, mixed = false) {
    this.#signs = signs && { before: new Set(signs.before), after: new Set(signs.after) };
    this.#mixed = mixed;
  }

  /** The result of toJSON(), or undefined. @throws SeqgradError `format` */
  static fromJSON(op: string, json: unknown): Spacing {
    if (json === undefined) return new Spacing();
    const { before, after, mixed }: Readonly<Record<string, unknown>> = isRecord(json) ? json : {};
    const isList = (list: unknown): list is string[] => Array.isArray(list) && list.every((sign) => typeof sign === "string");
    if (isList(before) && isList(after) && typeof mixed === "boolean") return new Spacing({ before, after }, mixed);
    throw new SeqgradError(
      "format",
      `${op}: spacing is not { before, after, mixed }, two lists of signs and a boolean. Is the file whole?`,
    );
  }

  toJSON(): Record<string, unknown> | undefined {
    return this.#signs && { before: [...this.#signs.before], after: [...this.#signs.after], mixed: this.#mixed };
  }

  /** True if `next` follows `word` without a blank. */
  joins(word: string, next: string): boolean {
    const [script, nextScript] = [scriptIn(word), scriptIn(next)];
    if (script && nextScript) return true;
    const [sign, nextSign] = [isSign(word), isSign(next)];
    if ((sign && isWide(word)) || (nextSign && isWide(next))) return true;
    if (sign || nextSign) return (nextSign && this.#hasNoneBefore(next)) || (sign && this.#hasNoneAfter(word));
    return this.#mixed && (script !== undefined || nextScript !== undefined);
  }

  #hasNoneBefore(sign: string): boolean {
    return this.#signs ? this.#signs.before.has(sign) : ends.test(sign);
  }

  #hasNoneAfter(sign: string): boolean {
    return this.#signs ? this.#signs.after.has(sign) : opens.test(sign);
  }
}

/** Counts, over texts, how often signs have a blank next to them. */
export class SpacingCounts {
  /** By sign: how much more often there is none than one. */
  readonly #before = new Map<string, number>();
  readonly #after = new Map<string, number>();
  #mixed = 0;
  readonly #kinds = new Map<string, "sign" | "word" | "run">();

  /** Two neighbors in a text. */
  add(word: string, next: string, hasBlank: boolean): void {
    const [kind, nextKind] = [this.#kindOf(word), this.#kindOf(next)];
    if (kind === "word" && nextKind === "word") return;
    const by = hasBlank ? -1 : 1;
    // Between two signs no blank may be either's doing, and says nothing of the other.
    if (nextKind === "sign" && (kind !== "sign" || hasBlank)) this.#before.set(next, (this.#before.get(next) ?? 0) + by);
    if (kind === "sign" && (nextKind !== "sign" || hasBlank)) this.#after.set(word, (this.#after.get(word) ?? 0) + by);
    if (kind !== "sign" && nextKind !== "sign" && kind !== nextKind) this.#mixed += by;
  }

  /** The spacing by the counts, for the tokens of a vocabulary; for a sign without counts, the usual spacing. */
  spacing(tokens: readonly string[]): Spacing {
    const usual = new Spacing();
    const signs = tokens.filter(isSign);
    const isMost = (count: number | undefined, otherwise: boolean) => (count === undefined || count === 0 ? otherwise : count > 0);
    return new Spacing(
      {
        before: signs.filter((sign) => isMost(this.#before.get(sign), usual.joins("a", sign))),
        after: signs.filter((sign) => isMost(this.#after.get(sign), usual.joins(sign, "a"))),
      },
      this.#mixed > 0,
    );
  }

  #kindOf(word: string): "sign" | "word" | "run" {
    const known = this.#kinds.get(word);
    if (known) return known;
    const kind = isSign(word) ? "sign" : scriptIn(word) ? "run" : "word";
    this.#kinds.set(word, kind);
    return kind;
  }
}
