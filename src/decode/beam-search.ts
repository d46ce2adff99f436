import type { StepModel } from "../models/step-model.js";
import { breathe } from "../util/breath.js";
import { checkFinite, checkInteger, toTokens } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions, namesOf } from "../util/options.js";
import { checkPenalty, penalizeRepetition } from "./repetition.js";
import { checkStop, type Ending, stopOf } from "./sampling.js";
import { checkStep, checkStepModel } from "./step-model.js";

export interface BeamSearchOptions {
  /** B, the texts that are followed at once; at most as many as there are tokens. 1 takes the likeliest token each time. Default 4. */
  beam?: number;
  /** alpha of the score below: over 0 prefers longer texts, 0 the likeliest, under 0 shorter ones. Default 0. */
  lengthPenalty?: number;
  /** How many texts to answer, at most B. Default 1. */
  nBest?: number;
  /** How many tokens at most. Default 256. */
  maxTokens?: number;
  /** How many tokens before one of `stop` may follow. Default 0. */
  minTokens?: number;
  /** Tokens that end a text. Default: all end tokens of the tokenizer, where it is given. */
  stop?: readonly number[];
  /** The tokenizer of the prompt, whose end tokens, `special.ends`, end a text. */
  tokenizer?: Ending;
  /** Over 1 makes what the prompt and the text have already less likely: see penalizeRepetition. Default 1. */
  repetitionPenalty?: number;
}

const beamNames = namesOf<BeamSearchOptions>({
  ...{ beam: 1, lengthPenalty: 1, nBest: 1, maxTokens: 1, minTokens: 1, stop: 1, tokenizer: 1, repetitionPenalty: 1 },
});

/** A text that beamSearch() found. */
export interface Hypothesis {
  /** The tokens after the prompt, without the ending token. */
  readonly tokens: readonly number[];
  /** ln P(tokens | prompt), in nats, the ending token included. */
  readonly logProbability: number;
  /** The score that ranks it. */
  readonly score: number;
  /** True if one of the stop tokens ended it, rather than maxTokens. */
  readonly stopped: boolean;
}

/**
 * Finds the best continuations of a prompt by a beam search.
 *
 * At each token the B likeliest extensions of the texts so far are kept, and the ended ones are set aside. Texts are ranked by score(y) =
 * ln P(y | prompt) / ((5 + |y|) / 6)^alpha, where |y| counts the ending token. The search ends as soon as no unfinished text can still come
 * among the n best. Of equal texts the one with the lower tokens comes first. It makes one call of the model's stepRows() per token, or B
 * of its step().
 *
 * @param model a language model, or `model.about(source)` of an encoder-decoder
 * @param prompt token ids, at least one
 * @param options see BeamSearchOptions
 * @returns at most nBest texts, best first; fewer if the model rules out others
 * @throws SeqgradError `value` for an empty prompt, `range` for an option outside its interval, more beams than tokens or a text longer
 *   than the model's context, `not-finite` for scores that are not finite, `state` for a model that cannot follow several texts
 * @see Wu et al. 2016, "Google's Neural Machine Translation System", section 7, for the score
 * @example
 * const [best] = await sg.decode.beamSearch(model, tokenizer.encode("The "), { tokenizer, beam: 4, maxTokens: 20, lengthPenalty: 0.6 });
 * console.log(tokenizer.decode(best!.tokens), best!.score);
 */
export async function beamSearch<State>(
  model: StepModel<State>,
  prompt: ArrayLike<number>,
  options: BeamSearchOptions = {},
): Promise<Hypothesis[]> {
  checkOptions("beamSearch", options, beamNames);
  const { beam = 4, nBest = 1, maxTokens = 256, minTokens = 0, lengthPenalty = 0, repetitionPenalty = 1 } = options;
  checkStepModel("beamSearch", model);
  checkInteger("beamSearch", "beam", beam, 1);
  checkInteger("beamSearch", "nBest", nBest, 1, beam);
  checkInteger("beamSearch", "maxTokens", maxTokens);
  checkInteger("beamSearch", "minTokens", minTokens, 0, maxTokens);
  checkFinite("beamSearch", "lengthPenalty", lengthPenalty);
  checkPenalty("beamSearch", repetitionPenalty);
  const stop = stopOf("beamSearch", options);
  if (toTokens("beamSearch", "the prompt", prompt).length === 0)
    throw new SeqgradError("value", "beamSearch: the prompt is empty; give at least one token to continue.");
  const { context = Number.POSITIVE_INFINITY } = model;
  if (prompt.length + maxTokens - 1 > context) {
    const advice = "shorten the prompt or give a smaller maxTokens";
    throw new SeqgradError(
      "range",
      `beamSearch: a prompt of ${prompt.length} tokens and ${maxTokens} more do not fit the model's context of ${context}; ${advice}.`,
    );
  }
  const search = new Search(prompt, { beam, nBest, minTokens, maxTokens, stop, lengthPenalty, repetitionPenalty });
  if (maxTokens === 0) return search.finish();
  const rows = hasRows(model) ? new Batch(model) : new Forks(model);
  try {
    let logits = await rows.start(prompt);
    if (beam > logits.length)
      throw new SeqgradError("range", `beamSearch: ${beam} beams are more than the ${logits.length} tokens there are; give fewer.`);
    checkStop("beamSearch", options.stop, logits.length);
    while (search.extend(logits)) {
      logits = await rows.step(search.tokens, search.parents);
      await breathe();
    }
    return search.finish();
  } finally {
    rows.release();
  }
}

/** An unfinished text. */
interface Open {
  readonly tokens: readonly number[];
  readonly logProbability: number;
  /** The tokens of it and of the prompt, each once; empty without a penalty. */
  readonly seen: ReadonlySet<number>;
}

/** A text of the row `parent` and a token after it. */
interface Extension {
  readonly parent: number;
  readonly token: number;
  readonly logProbability: number;
}

/** The texts of a search; it knows nothing of the model but its scores. */
class Search {
  /** The last token of each unfinished text, and the previous row of the text that it extends. */
  tokens: readonly number[] = [];
  parents: readonly number[] = [];
  #length = 0;
  #open: readonly Open[];
  /** The best that ended, at most nBest. */
  #ended: Hypothesis[] = [];
  readonly #stop: ReadonlySet<number>;

  constructor(
    prompt: ArrayLike<number>,
    private readonly settings: Required<Omit<BeamSearchOptions, "tokenizer">>,
  ) {
    this.#open = [{ tokens: [], logProbability: 0, seen: new Set(settings.repetitionPenalty === 1 ? [] : Array.from(prompt)) }];
    this.#stop = new Set(settings.stop);
  }

  /** Takes the scores `[R, V]` after each text; returns true if any text is worth extending. */
  extend(logits: ArrayLike<number>): boolean {
    const { beam, maxTokens, repetitionPenalty } = this.settings;
    const { open, ended } = this.#extensions(logits);
    // What ends counts where it is among the B best of all, as if it took a beam; others move up into its place.
    const ranked = [...open, ...ended].sort(byProbability).slice(0, beam);
    for (const extension of ranked.filter(({ token }) => this.#stop.has(token))) this.#end(extension);
    this.#length++;
    this.tokens = open.map(({ token }) => token);
    this.parents = open.map(({ parent }) => parent);
    this.#open = open.map(({ parent, token, logProbability }) => {
      const { tokens, seen } = nth(this.#open, parent);
      return { tokens: [...tokens, token], logProbability, seen: repetitionPenalty === 1 ? seen : new Set(seen).add(token) };
    });
    return this.#length < maxTokens && this.#canImprove;
  }

  /** The best texts. Unfinished texts end here. */
  finish(): Hypothesis[] {
    if (this.#length === this.settings.maxTokens)
      for (const { tokens, logProbability } of this.#open)
        this.#keep({ tokens, logProbability, score: this.#score(logProbability, this.#length), stopped: false });
    if (this.#ended.length === 0)
      throw new SeqgradError(
        "not-finite",
        "beamSearch: every text comes to where every token is ruled out, by a logit of -Infinity or by minTokens.",
      );
    return this.#ended;
  }

  /** The B likeliest unfinished extensions, and all that end. */
  #extensions(logits: ArrayLike<number>): { open: Extension[]; ended: Extension[] } {
    const { beam, minTokens, repetitionPenalty } = this.settings;
    const v = logits.length / this.#open.length;
    const open: Extension[] = [];
    const ended: Extension[] = [];
    let least = Number.NEGATIVE_INFINITY; // what an unfinished text must pass
    for (const [parent, text] of this.#open.entries()) {
      const row = penalizeRepetition(rowOf(logits, parent, v), text.seen, repetitionPenalty);
      const offset = text.logProbability - logSumExp(row);
      for (let token = 0; token < v; token++) {
        const logProbability = row[token]! + offset;
        if (logProbability === Number.NEGATIVE_INFINITY) continue;
        if (this.#stop.has(token)) {
          if (this.#length >= minTokens) ended.push({ parent, token, logProbability });
        } else if (logProbability > least) {
          insert(open, { parent, token, logProbability }, byProbability);
          if (open.length > beam) open.pop();
          if (open.length === beam) least = nth(open, beam - 1).logProbability;
        }
      }
    }
    return { open, ended };
  }

  #end({ parent, logProbability }: Extension): void {
    const { tokens } = nth(this.#open, parent);
    this.#keep({ tokens, logProbability, score: this.#score(logProbability, tokens.length + 1), stopped: true });
  }

  #keep(text: Hypothesis): void {
    insert(this.#ended, text, (a, b) => b.score - a.score);
    if (this.#ended.length > this.settings.nBest) this.#ended.pop();
  }

  /** True if an unfinished text would come among the n best if all its further tokens were certain. */
  get #canImprove(): boolean {
    const [best] = this.#open;
    if (!best) return false;
    const { nBest, maxTokens } = this.settings;
    const worst = this.#ended[nBest - 1];
    const bound = Math.max(this.#score(best.logProbability, this.#length + 1), this.#score(best.logProbability, maxTokens));
    return !worst || bound > worst.score;
  }

  #score(logProbability: number, length: number): number {
    return logProbability / ((5 + length) / 6) ** this.settings.lengthPenalty;
  }
}

const byProbability = (a: Extension, b: Extension) => b.logProbability - a.logProbability;

/** Puts an item into a sorted list, after its equals. */
function insert<T>(list: T[], item: T, order: (a: T, b: T) => number): void {
  list.splice(list.findLastIndex((other) => order(other, item) <= 0) + 1, 0, item);
}

function rowOf(logits: ArrayLike<number>, row: number, v: number): ArrayLike<number> {
  if (logits instanceof Float32Array || logits instanceof Float64Array) return logits.subarray(row * v, (row + 1) * v);
  return Array.prototype.slice.call(logits, row * v, (row + 1) * v);
}

/** log(sum_i exp(x_i)). */
function logSumExp(x: ArrayLike<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < x.length; i++) {
    const logit = x[i]!;
    if (!(logit < Number.POSITIVE_INFINITY)) {
      const cause = "the model's weights or its state are likely not finite";
      throw new SeqgradError("not-finite", `beamSearch: logit ${i} is ${logit}; ${cause}.`);
    }
    if (logit > largest) largest = logit;
  }
  if (largest === Number.NEGATIVE_INFINITY) return 0; // all tokens are ruled out, and stay so
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += Math.exp(x[i]! - largest);
  return largest + Math.log(sum);
}

/** A model that continues several texts at once. */
type RowModel<State> = StepModel<State> & Required<Pick<StepModel<State>, "stepRows">>;

const hasRows = <State>(model: StepModel<State>): model is RowModel<State> => model.stepRows !== undefined;

/** The texts' states as one state of several rows. */
class Batch<State> {
  #state: State | undefined;

  constructor(private readonly model: RowModel<State>) {}

  async start(prompt: ArrayLike<number>): Promise<ArrayLike<number>> {
    const { logits, state } = checkStep("beamSearch", await this.model.step(prompt, undefined));
    this.#state = state;
    return logits;
  }

  async step(tokens: readonly number[], parents: readonly number[]): Promise<ArrayLike<number>> {
    const { logits, state } = checkStep("beamSearch", await this.model.stepRows(tokens, this.#state!, parents));
    if (state !== this.#state) this.release();
    this.#state = state;
    return logits;
  }

  release(): void {
    if (this.#state !== undefined) this.model.release?.(this.#state);
    this.#state = undefined;
  }
}

/** A state for each text, several of which may come from one. */
class Forks<State> {
  #states: State[] = [];

  constructor(private readonly model: StepModel<State>) {}

  async start(prompt: ArrayLike<number>): Promise<ArrayLike<number>> {
    const { logits, state } = checkStep("beamSearch", await this.model.step(prompt, undefined));
    this.#states = [state];
    return logits;
  }

  async step(tokens: readonly number[], parents: readonly number[]): Promise<ArrayLike<number>> {
    const scores: number[] = [];
    const next: State[] = [];
    try {
      for (const [i, token] of tokens.entries()) {
        const from = this.#states[nth(parents, i)]!;
        const { logits, state } = checkStep("beamSearch", await this.model.step([token], from));
        if (typeof state === "object" && state === from) {
          const advice = "which only one text can continue; give the model stepRows()";
          throw new SeqgradError("state", `beamSearch: the model's step() answers the state that it was given, ${advice}.`);
        }
        next.push(state);
        await breathe();
        for (const logit of Array.from(logits)) scores.push(logit);
      }
    } catch (error) {
      this.#release(next);
      throw error;
    }
    this.release();
    this.#states = next;
    return scores;
  }

  release(): void {
    this.#release(this.#states);
    this.#states = [];
  }

  #release(states: readonly State[]): void {
    for (const state of states) this.model.release?.(state);
  }
}
