import { expect, test } from "vitest";
import { ctcDecoding } from "../../src/decode/ctc.js";
import { countedBleu, countedByLength } from "../../src/metrics/bleu.js";
import { scriptOf } from "../../src/metrics/bleu-words.js";
import { countedConfusion, scored } from "../../src/metrics/classification.js";
import { countedErrors } from "../../src/metrics/edit.js";
import { countedEntities } from "../../src/metrics/entities.js";
import { BpeTokenizer, CharTokenizer, WordTokenizer } from "../../src/text/index.js";
import { mergeByRank } from "../../src/text/merge-by-rank.js";
import { segmented } from "../../src/text/word-break.js";
import { inOrder, inPieces, type Pieces } from "../../src/util/breath.js";

const list = <T>(n: number, item: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => item(i));
const words = (n: number) => list(n, (i) => ["low", "newer", "wide"][i % 3]!);
const unknown = { get: () => undefined } as never;

function pausesOf(work: Pieces<unknown>): number {
  let pauses = 0;
  while (!work.next().done) pauses++;
  return pauses;
}

/** Work of n items, and how many of them it does, at most, between two pauses. */
const works: Readonly<Record<string, readonly [most: number, work: (n: number) => Pieces<unknown>]>> = {
  inPieces: [1024, (n) => inPieces(list(n, String), () => {})],
  inOrder: [
    2048,
    (n) =>
      inOrder(
        list(n, (i) => (i * 7919) % 1013),
        (a, b) => a - b,
      ),
  ],
  "confusion, of labels": [
    2 ** 14,
    (n) =>
      countedConfusion(
        list(n, (i) => i % 2),
        list(n, (i) => i % 3),
        [0, 1, 2],
      ),
  ],
  "confusion, without labels": [
    2 ** 13,
    (n) =>
      countedConfusion(
        list(n, (i) => i % 2),
        list(n, (i) => i % 3),
      ),
  ],
  "scores of labels": [1, (n) => scored({ labels: list(n, String), counts: list(n, () => list(n, () => 1)) })],
  "symbol errors": [1, (n) => countedErrors(words(n), words(n))],
  entities: [
    1,
    (n) =>
      countedEntities(
        list(n, () => ["B-a"]),
        list(n, () => ["O"]),
      ),
  ],
  bleu: [1, (n) => countedBleu(words(n), words(n), { tokenize: "none" })],
  "bleu by length": [
    1,
    (n) =>
      countedByLength(
        words(n),
        words(n),
        list(n, (i) => i),
        { tokenize: "none" },
      ),
  ],
  script: [1, (n) => scriptOf(words(n))],
  "prefixes of steps": [
    1,
    (n) =>
      ctcDecoding(
        list(2 * n, (i) => -1 - (i % 3)),
        2,
        { beam: 2 },
      ),
  ],
  "merges of nothing": [
    1024,
    (n) =>
      mergeByRank(
        list(n, (i) => i % 9),
        unknown,
      ),
  ],
  "words of a text": [1024, (n) => segmented("an apple ".repeat(n / 9))],
  "texts, for BPE": [1, (n) => BpeTokenizer.training(words(n), { vocab: 260 })],
  characters: [2 ** 14, (n) => CharTokenizer.training("abc".repeat(n / 3), {})],
  "texts, for words": [1, (n) => WordTokenizer.training(words(n), {})],
};

test.each(Object.entries(works))("%s: the pauses grow with the work, and are few", (_, [most, work]) => {
  const n = 36 * most;
  const pauses = pausesOf(work(2 * n)) - pausesOf(work(n));
  expect(pauses).toBeGreaterThanOrEqual(n / most);
  expect(pauses).toBeLessThanOrEqual((16 * n) / most);
});
