import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BeamSearchOptions, beamSearch, type Hypothesis } from "../../src/decode/beam-search.js";
import { models, type nn } from "../../src/index.js";
import type { StepModel } from "../../src/models/step-model.js";
import { memory } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { RandomGenerator } from "../../src/util/philox.js";
import { asDefault, forEachDevice, immediate } from "../helpers/devices.js";
import { expectRejection } from "../helpers/errors.js";
import { expectClose } from "../helpers/numbers.js";

type Tokens = readonly number[];
/** The scores of what follows a text. */
type Scores = (text: Tokens) => readonly number[];

/** Random scores for every text, of which all but `choices` tokens are ruled out; `source` is what an encoder would have read. */
function randomScores(seed: number, v: number, choices = v, source: Tokens = []): Scores {
  return (text) => {
    const hash = [...source, v, ...text].reduce((sum, token) => (sum * 31 + token + 1) % 1_000_003, seed + 1);
    const generator = new RandomGenerator(hash);
    const allowed = generator.shuffle(Array.from({ length: v }, (_, i) => i)).slice(0, choices);
    return Array.from({ length: v }, (_, i) => {
      const score = 4 * generator.uniform() - 3;
      return allowed.includes(i) ? score : Number.NEGATIVE_INFINITY;
    });
  };
}

/** Its state is the whole text. It keeps account of the states that are alive. */
function forking(scores: Scores) {
  const alive = new Set<Tokens>();
  const model: StepModel<Tokens> = {
    step(tokens, state) {
      if (state && !alive.has(state)) throw new Error("a state was used after its release");
      const next = [...(state ?? []), ...Array.from(tokens)];
      const logits = scores(next);
      alive.add(next);
      return { logits, state: next };
    },
    release(state) {
      if (!alive.delete(state)) throw new Error("a state was released twice");
    },
  };
  return { model, alive };
}

/** The same with all texts in one state, which changes in place, as a cache does. */
function batched(scores: Scores): StepModel<Tokens[]> & { readonly calls: number[] } {
  const calls: number[] = [];
  return {
    calls,
    step: async (tokens) => ({ logits: scores(Array.from(tokens)), state: [Array.from(tokens)] }),
    async stepRows(tokens, state, rows) {
      calls.push(tokens.length);
      const next = Array.from(rows, (row, i) => [...state[row]!, tokens[i]!]);
      state.splice(0, state.length, ...next);
      return { logits: Float64Array.from(next.flatMap((text) => scores(text))), state };
    },
  };
}

/** log softmax, with the penalty on what the text has. */
function logProbabilities(scores: Scores, text: Tokens, penalty: number): number[] {
  const x = scores(text).map((z, i) => (text.includes(i) ? (z > 0 ? z / penalty : z * penalty) : z));
  const total = Math.log(x.reduce((sum, z) => sum + Math.exp(z), 0));
  return x.map((z) => z - total);
}

/** Every text that there is, the best first. */
function bruteForce(scores: Scores, prompt: Tokens, options: BeamSearchOptions): Hypothesis[] {
  const { maxTokens = 0, minTokens = 0, stop = [], lengthPenalty = 0, repetitionPenalty = 1, nBest = 1 } = options;
  const found: Hypothesis[] = [];
  const end = (tokens: Tokens, logProbability: number, length: number, stopped: boolean) =>
    found.push({ tokens, logProbability, stopped, score: logProbability / ((5 + length) / 6) ** lengthPenalty });
  const visit = (tokens: Tokens, sum: number) => {
    if (tokens.length === maxTokens) return void end(tokens, sum, maxTokens, false);
    for (const [token, p] of logProbabilities(scores, [...prompt, ...tokens], repetitionPenalty).entries()) {
      if (p === Number.NEGATIVE_INFINITY) continue;
      if (!stop.includes(token)) visit([...tokens, token], sum + p);
      else if (tokens.length >= minTokens) end(tokens, sum + p, tokens.length + 1, true);
    }
  };
  visit([], 0);
  return found.sort((a, b) => b.score - a.score).slice(0, nBest);
}

function expectSame(got: readonly Hypothesis[], expected: readonly Hypothesis[]): void {
  expect(got.map(({ tokens, stopped }) => ({ tokens, stopped }))).toEqual(expected.map(({ tokens, stopped }) => ({ tokens, stopped })));
  for (const name of ["logProbability", "score"] as const)
    expectClose(
      got.map((text) => text[name]),
      expected.map((text) => text[name]),
      1e-9,
    );
}

/** Expects what is found to be the best of all texts, by a model of each kind. */
async function expectBest(scores: Scores, prompt: Tokens, options: BeamSearchOptions): Promise<Hypothesis[]> {
  const expected = bruteForce(scores, prompt, options);
  const { model, alive } = forking(scores);
  expectSame(await beamSearch(model, prompt, options), expected);
  expect(alive.size).toBe(0);
  expectSame(await beamSearch(batched(scores), prompt, options), expected);
  return expected;
}

const penalties = [-1, 0, 0.6, 1, 3];

describe("beamSearch", () => {
  test.each(penalties)("equals brute force where every text of two tokens has a beam, lengthPenalty %d", async (lengthPenalty) => {
    for (let seed = 0; seed < 20; seed++) {
      const options = { beam: 5, nBest: 5, maxTokens: 2, stop: [4], lengthPenalty };
      await expectBest(randomScores(seed, 5), [seed % 5, 1], options);
      await expectBest(randomScores(seed, 5), [2], { ...options, minTokens: 1, stop: [0, 3] });
    }
  });

  test.each(penalties)("equals brute force over longer texts, of two choices a token, lengthPenalty %d", async (lengthPenalty) => {
    let stopped = 0;
    for (let seed = 0; seed < 20; seed++) {
      const options = { beam: 16, nBest: 16, maxTokens: 4, stop: [1, 5, 7, 12], lengthPenalty };
      const found = await expectBest(randomScores(seed, 16, 2), [3, 9], options);
      stopped += found.filter((text) => text.stopped).length;
      await expectBest(randomScores(seed, 16, 2), [3, 9], { ...options, nBest: 1 });
      await expectBest(randomScores(seed, 16, 2), [3, 9], { ...options, nBest: 3, minTokens: 2, stop: [5] });
    }
    expect(stopped).toBeGreaterThan(20);
  });

  test.each([1, 2, 3])(
    "follows few beams to a longer text that is better than one that ended first, lengthPenalty %d",
    async (lengthPenalty) => {
      // The stop token 0 is the likeliest at first; of the others one leads to nothing but itself until, late, the text ends.
      const scores: Scores = (text) => {
        if (text.length === 1) return [0.5, 0.3, 0.2].map(Math.log);
        return text.length < 8 ? [-8, 4, -8] : [4, -8, -8];
      };
      for (const beam of [1, 2, 3]) {
        const [best] = await expectBest(scores, [2], { beam, nBest: 1, maxTokens: 9, stop: [0], lengthPenalty });
        expect(best).toMatchObject({ tokens: [1, 1, 1, 1, 1, 1, 1], stopped: true });
      }
    },
  );

  test("equals brute force after a source, which the model holds", async () => {
    const found = [[4, 1], [1, 4], []].map((source) =>
      expectBest(randomScores(5, 12, 2, source), [0], { beam: 12, nBest: 4, maxTokens: 3, stop: [2, 3], lengthPenalty: 0.6 }),
    );
    const [first, second, third] = await Promise.all(found);
    expect(first).not.toEqual(second);
    expect(first).not.toEqual(third);
  });

  test("equals brute force with a repetition penalty, which counts the prompt", async () => {
    let changed = 0;
    for (let seed = 0; seed < 20; seed++) {
      const options = { beam: 5, nBest: 5, maxTokens: 2, stop: [4], repetitionPenalty: 1.7 };
      const found = await expectBest(randomScores(seed, 5), [1, 2], options);
      const free = bruteForce(randomScores(seed, 5), [1, 2], { ...options, repetitionPenalty: 1 });
      changed += Number(found[0]!.tokens.join() !== free[0]!.tokens.join());
    }
    expect(changed).toBeGreaterThan(0);
  });

  test("finds a text that there is, with its score, however narrow", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.integer({ min: 1, max: 6 }), fc.constantFrom(0, 0.6, 1), async (seed, beam, lengthPenalty) => {
        const scores = randomScores(seed, 6);
        const options = { beam, maxTokens: 4, stop: [5], lengthPenalty };
        const [found] = await beamSearch(batched(scores), [0], options);
        const all = bruteForce(scores, [0], { ...options, nBest: 10_000 });
        const same = all.find(({ tokens, stopped }) => stopped === found!.stopped && tokens.join() === found!.tokens.join());
        expectSame([found!], [same!]);
      }),
      { numRuns: 60 },
    );
  });

  test("of one beam takes the likeliest token each time", async () => {
    const scores = randomScores(3, 8);
    const greedy: number[] = [];
    for (let i = 0; i < 6; i++) {
      const x = scores([1, ...greedy]);
      greedy.push(x.indexOf(Math.max(...x)));
    }
    const [found] = await beamSearch(batched(scores), [1], { beam: 1, maxTokens: 6 });
    expect(found!.tokens).toEqual(greedy);
    expect(found!.stopped).toBe(false);
  });

  test("reads all beams in one step a token, and no more once nothing can come among the best", async () => {
    // The stop token holds almost all of the probability at the second token.
    const scores: Scores = (text) => (text.length < 2 ? [0, 0, 0, -50] : [-20, -20, -20, 0]);
    const model = batched(scores);
    const found = await beamSearch(model, [0], { beam: 3, nBest: 3, maxTokens: 100, stop: [3] });
    expect(found.map(({ tokens }) => tokens)).toEqual([[0], [1], [2]]);
    expect(model.calls).toEqual([3]);
  });

  test("of equal texts takes the lower tokens", async () => {
    const found = await beamSearch(
      batched(() => [0, 0, 0]),
      [0],
      { beam: 3, nBest: 3, maxTokens: 2 },
    );
    expect(found.map(({ tokens }) => tokens)).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
    ]);
  });

  test("of no tokens is the empty text, certain", async () => {
    expect(await beamSearch(batched(randomScores(0, 3)), [0], { beam: 3, maxTokens: 0 })).toEqual([
      { tokens: [], logProbability: 0, score: 0, stopped: false },
    ]);
  });

  test("frees every state when a step fails", async () => {
    const { model, alive } = forking((text) => (text.length < 4 ? [0, 0.5, 1] : [Number.NaN, 0, 0]));
    await expectRejection("not-finite", beamSearch(model, [0], { beam: 3, maxTokens: 9 }), "logit 0 is NaN");
    expect(alive.size).toBe(0);
    const failing = forking((text) => {
      if (text.length > 2 && text.at(-1) === 1) throw new Error("lost");
      return [0, 0.5, 1];
    });
    await expect(beamSearch(failing.model, [0], { beam: 3, maxTokens: 9 })).rejects.toThrow("lost");
    expect(failing.alive.size).toBe(0);
  });

  test.each<[BeamSearchOptions, string]>([
    [{ beam: 0 }, "beam is 0"],
    [{ beam: 2.5 }, "beam is 2.5"],
    [{ beam: 2, nBest: 3 }, "nBest is 3"],
    [{ nBest: 0 }, "nBest is 0"],
    [{ maxTokens: -1 }, "maxTokens is -1"],
    [{ minTokens: 9, maxTokens: 8 }, "minTokens is 9"],
    [{ repetitionPenalty: 0 }, "repetitionPenalty is 0"],
    [{ beam: 6, maxTokens: 3 }, "6 beams are more than the 5 tokens"],
  ])("refuses %o", async (options, part) => {
    const { model, alive } = forking(randomScores(1, 5));
    await expectRejection("range", beamSearch(model, [0], options), "beamSearch", part);
    expect(alive.size).toBe(0);
  });

  test("refuses an empty prompt, a text past the model's context, and a state that several texts cannot share", async () => {
    const { model } = forking(randomScores(1, 5));
    await expectRejection("value", beamSearch(model, []), "prompt is empty");
    await expectRejection("value", beamSearch(model, [0], { lengthPenalty: Number.NaN }), "lengthPenalty is NaN");
    const limited = { ...model, context: 8 };
    await expectRejection("range", beamSearch(limited, [0, 1, 2], { maxTokens: 7 }), "context of 8");
    expect(await beamSearch(limited, [0, 1, 2], { maxTokens: 6 })).toHaveLength(1);
    const cache: StepModel<number[]> = { step: (_, state = []) => ({ logits: [0, 1], state }) };
    await expectRejection("state", beamSearch(cache, [0], { beam: 2, maxTokens: 3 }), "stepRows");
    const ruledOut = forking((text) => (text.length > 1 ? [-Infinity, -Infinity] : [0, 0]));
    await expectRejection("not-finite", beamSearch(ruledOut.model, [0], { beam: 2, maxTokens: 3 }), "every token is ruled out");
  });
});

await forEachDevice(immediate, "beamSearch on a RecurrentLM", (device) => {
  asDefault(device);

  test.each(["rnn", "gru", "lstm"] as const)("a %s gives by one batched step what it gives row by row", async (arch) => {
    manualSeed(8);
    const model = new models.RecurrentLM({ vocab: 7, arch, embed: 4, hidden: 6, layers: 2 }).eval();
    const rowByRow: StepModel<nn.RecurrentState> = {
      step: (tokens, state) => model.step(tokens, state),
      release: (state) => model.release(state),
    };
    const options = { beam: 5, nBest: 5, maxTokens: 6, stop: [3], lengthPenalty: 0.6 };
    const before = memory().tensors;
    const expected = await beamSearch(rowByRow, [1, 2, 0], options);
    expect(memory().tensors).toBe(before);
    const found = await beamSearch(model, [1, 2, 0], options);
    expect(memory().tensors).toBe(before);
    expect(found.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
    expectClose(
      found.map(({ score }) => score),
      expected.map(({ score }) => score),
      1e-5,
    );
    model.dispose();
  });
});
