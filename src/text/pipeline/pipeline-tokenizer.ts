import { finish, inTurns, type Pieces } from "../../util/breath.js";
import { checkText } from "../../util/check.js";
import { remembering } from "../../util/remember.js";
import { LONG } from "../chunks.js";
import type { HuggingFaceJson } from "../hugging-face.js";
import { checkIds, type EncodeOptions, framed, type SpecialIds, type TokenHints, type Tokenizer, unknownId } from "../tokenizer.js";
import { type AddedToken, addedTokensOf, type Part, splitter } from "./added-tokens.js";
import type { Normalizer } from "./bert.js";
import { type Decoder, decoderOf } from "./decoders.js";
import { type Frame, frameOf } from "./frame.js";
import { type Lengths, lengthsOf } from "./length.js";
import { modelOf } from "./models.js";
import { keepsStart, normalizerOf } from "./normalizers.js";
import { translator } from "./patterns.js";
import { type PreTokenizer, preTokenizerOf } from "./pre-tokenizers.js";
import { Settings, unreadable } from "./settings.js";
import { specialOf } from "./special.js";
import type { Model } from "./vocabulary.js";

/** Pieces that are encoded in a piece of work. */
const PIECES = 256;

/**
 * The tokenizer of any tokenizer.json, with the ids that Hugging Face's tokenizers gives: added tokens, normalizer, pre-tokenizer and model
 * one after the other. Settings that are not known are refused.
 */
export class PipelineTokenizer implements Tokenizer {
  readonly special: SpecialIds;
  /** The highest id and one. */
  readonly size: number;
  readonly #tokens = new Map<number, string>();
  readonly #ids: ReadonlyMap<string, number>;
  /** Ids that decoding leaves out. */
  readonly #silent: ReadonlySet<number>;
  readonly #split: (part: Part) => Part[];
  readonly #splitNormalized: (part: Part) => Part[];
  /** Of a piece, in turns; and of a short one at once. */
  readonly #encode: Model["idsOf"];
  readonly #idsOf: (piece: string) => readonly number[];

  private constructor(
    readonly json: HuggingFaceJson,
    model: Model,
    added: readonly AddedToken[],
    readonly normalize: Normalizer,
    readonly preTokenize: PreTokenizer,
    readonly decoder: Decoder,
    readonly frame: Frame,
    readonly lengths: Lengths,
    hints: TokenHints,
  ) {
    this.#ids = new Map([...model.vocabulary, ...added.map(({ content, id }) => [content, id] as const)]);
    let highest = -1;
    for (const [token, id] of this.#ids) {
      this.#tokens.set(id, token);
      highest = Math.max(highest, id);
    }
    this.size = highest + 1;
    this.#split = splitter(
      added.filter(({ normalized }) => !normalized),
      (text) => text,
    );
    this.#splitNormalized = splitter(
      added.filter(({ normalized }) => normalized),
      normalize,
    );
    this.#encode = (piece) => model.idsOf(piece);
    this.#idsOf = remembering((piece) => finish(model.idsOf(piece)));
    const unk = model.unknown === undefined ? undefined : this.#ids.get(model.unknown);
    this.special = specialOf(this.#ids, this.#tokens, frame, unk, hints);
    this.#silent = new Set(added.filter(({ id, special: isSpecial }) => isSpecial && id !== this.special.unk).map(({ id }) => id));
  }

  /** @throws SeqgradError `format` for a file with a setting whose ids would differ here; it names the setting */
  static async open(json: HuggingFaceJson, hints: TokenHints = {}): Promise<PipelineTokenizer> {
    const file = new Settings("the file", json);
    if ((file.raw("version") ?? "1.0") !== "1.0")
      throw unreadable("the file", `version is ${JSON.stringify(json.version)}, expected "1.0"`);
    const parts = ["added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model", "truncation", "padding"];
    const [added, normalizer, pre, post, decoder, model, truncation, padding] = parts.map((name) => file.raw(name));
    file.end();
    if (JSON.stringify(pre ?? null).includes('"first"') && !keepsStart(normalizer))
      throw unreadable(
        "pre_tokenizer",
        'the prepend_scheme "first" together with a normalizer that may remove the first character is not supported',
      );
    const translate = await translator(json);
    const made = modelOf(model);
    return new PipelineTokenizer(
      json,
      made,
      addedTokensOf(added, made.vocabulary),
      normalizerOf("normalizer", normalizer, translate),
      preTokenizerOf("pre_tokenizer", pre, translate),
      decoderOf("decoder", decoder, translate),
      frameOf("post_processor", post),
      lengthsOf(truncation, padding),
      hints,
    );
  }

  encode(text: string, options: EncodeOptions = {}): Int32Array<ArrayBuffer> {
    return finish(this.#encoding(text, options));
  }

  encodeAsync(text: string, options: EncodeOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return inTurns(this.#encoding(text, options));
  }

  *#encoding(text: string, options: EncodeOptions): Pieces<Int32Array<ArrayBuffer>> {
    checkText("Tokenizer.encode", text);
    const ids: number[] = [];
    let count = 0;
    for (const part of this.#split({ text, isFirst: true })) {
      yield;
      const normal = part.token ? part : { ...part, text: this.normalize(part.text) };
      for (const { token, ...piece } of this.#splitNormalized(normal)) {
        if (token) ids.push(token.id);
        else if (piece.text !== "")
          for (const { text: cut } of this.preTokenize(piece)) {
            if (cut === "") continue;
            for (const id of cut.length > LONG ? yield* this.#encode(cut) : this.#idsOf(cut)) ids.push(id);
            if (++count % PIECES === 0) yield;
          }
      }
    }
    const { before, after } = this.#frameFor(options);
    return Int32Array.from(this.lengths.pad([...before, ...this.lengths.cut(ids, before.length + after.length), ...after]));
  }

  decode(ids: ArrayLike<number>): string {
    checkIds("Tokenizer.decode", ids);
    const tokens: string[] = [];
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      if (id === undefined || !(Number.isInteger(id) && id >= 0 && id < this.size)) throw unknownId("Tokenizer.decode", id, i, this.size);
      // An id in a gap of the vocabulary has no text.
      const token = this.#silent.has(id) ? undefined : this.#tokens.get(id);
      if (token !== undefined) tokens.push(token);
    }
    return this.decoder(tokens).join("");
  }

  idOf(token: string): number | undefined {
    return this.#ids.get(token);
  }

  tokenOf(id: number): string {
    const token = this.#tokens.get(id);
    if (token === undefined) throw unknownId("Tokenizer.tokenOf", id, 0, this.size);
    return token;
  }

  toJSON(): HuggingFaceJson {
    return this.json;
  }

  /** The tokens that the options ask for: all that the post-processor puts before and after a text, else the start and the end token. */
  #frameFor({ sos = false, eos = false }: EncodeOptions): Frame {
    const { before, after } = this.frame;
    const ends = (part: "sos" | "eos") => Array.from(framed("Tokenizer.encode", new Int32Array(0), this.special, { [part]: true }));
    return {
      before: !sos || before.length > 0 ? (sos ? before : []) : ends("sos"),
      after: !eos || after.length > 0 ? (eos ? after : []) : ends("eos"),
    };
  }
}
