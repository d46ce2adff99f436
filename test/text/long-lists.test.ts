import fc from "fast-check";
import { expect, test } from "vitest";
import { padFrames, padRows } from "../../src/data/index.js";
import { BpeTokenizer, cosineOf, WordPieceTokenizer, WordSplitter, WordVectors } from "../../src/text/index.js";
import { mergePairs } from "../../src/text/pair-merges.js";
import { finish } from "../../src/util/breath.js";

const N = 150_000; // more than a call may have arguments

test("lists of any length are taken", () => {
  const big = new Float32Array(N).fill(1);
  expect(cosineOf(big, big)).toBeCloseTo(1, 12);
  expect(new WordVectors(["a", "b"], N, new Float32Array(2 * N).fill(2)).similarity("a", "b")).toBeCloseTo(1, 6);
  expect(WordVectors.fromText(`a ${"1 ".repeat(N)}`).dimension).toBe(N);
  expect(padRows(Array.from({ length: N }, () => [1])).shape).toEqual([N, 1]);
  expect(padFrames(Array.from({ length: N }, () => [[1]])).shape).toEqual([N, 1, 1]);
  expect(new WordSplitter().split("!".repeat(N))).toHaveLength(N);
});

/** What mergePairs() says, in its plainest form. */
function plainly(words: readonly { symbols: number[]; count: number }[], merges: number, minCount: number, first: number): number[][] {
  const all: number[][] = [];
  while (all.length < merges) {
    const counts = new Map<string, { pair: number[]; count: number }>();
    for (const { symbols, count } of words)
      for (let i = 1; i < symbols.length; i++) {
        const pair = [symbols[i - 1]!, symbols[i]!];
        const entry = counts.get(pair.join()) ?? { pair, count: 0 };
        counts.set(pair.join(), { pair, count: entry.count + count });
      }
    const [best] = [...counts.values()].sort((x, y) => y.count - x.count || x.pair[0]! - y.pair[0]! || x.pair[1]! - y.pair[1]!);
    if (!best || best.count < minCount) break;
    const id = first + all.push(best.pair) - 1;
    for (const word of words)
      for (let i = 0; i + 1 < word.symbols.length; i++)
        if (word.symbols[i] === best.pair[0] && word.symbols[i + 1] === best.pair[1]) word.symbols.splice(i, 2, id);
  }
  return all;
}

test("merges are of the most frequent pair, the lowest of equals, from left to right", () => {
  const word = fc.record({ symbols: fc.array(fc.nat(2), { maxLength: 24 }), count: fc.integer({ min: 1, max: 4 }) });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 3 }), (words, minCount) => {
      const merges: number[][] = [];
      const isFull = () => merges.length === 12;
      finish(mergePairs(words, isFull, minCount, (a, b) => 3 + merges.push([a, b]) - 1));
      expect(merges).toEqual(plainly(structuredClone(words), 12, minCount, 3));
    }),
  );
});

test("tokenizers learn from a text without a blank, and give it back", () => {
  const text = Array.from({ length: 50_000 }, (_, i) => "abcdefg"[((i * i * i) % 1009) % 7]).join("");
  const bpe = BpeTokenizer.train([text], { vocab: 300 });
  expect(bpe.size).toBe(300);
  expect(bpe.decode(bpe.encode(text))).toBe(text);
  const pieces = WordPieceTokenizer.train([text], { vocab: 60 });
  expect(pieces.size).toBe(60);
  expect(Array.from(pieces.encode(text))).toEqual([pieces.special.unk]); // as longer words than 100 characters are
});
