/** What tokenizer.json holds of that which seqgrad reads and writes. */
export interface HuggingFaceJson {
  readonly version?: string;
  readonly truncation?: unknown;
  readonly padding?: unknown;
  readonly added_tokens?: readonly AddedToken[];
  readonly normalizer?: Part | null;
  readonly pre_tokenizer?: Part | null;
  readonly post_processor?: Part | null;
  readonly decoder?: Part | null;
  readonly model?: ModelPart;
}

interface Part {
  readonly type: string;
  readonly [option: string]: unknown;
}

interface ModelPart extends Part {
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges?: readonly (string | readonly [string, string])[];
}

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special?: boolean;
  readonly [option: string]: unknown;
}

/** The entries of special tokens. */
export const addedTokens = (tokens: readonly string[], idOf: (token: string) => number): AddedToken[] =>
  tokens.map((content) => ({
    ...{ id: idOf(content), content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
  }));

/** The ids of all tokens: a special one may stand outside the model. */
export const vocabularyOf = (model: ModelPart, added: readonly AddedToken[]): Record<string, number> => ({
  ...model.vocab,
  ...Object.fromEntries(added.map(({ content, id }) => [content, id])),
});

/** Splits a text at special tokens and keeps them; the longest that fits is taken. */
export function specialPattern(tokens: readonly string[]): RegExp | undefined {
  if (tokens.length === 0) return undefined;
  const escaped = tokens.toSorted((a, b) => b.length - a.length).map((token) => token.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`(${escaped.join("|")})`, "u");
}
