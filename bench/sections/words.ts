import { init } from "../../src/tensor/device.js";
import { trainGlove, trainWord2Vec } from "../../src/text/index.js";
import { RandomGenerator } from "../../src/util/philox.js";
import type { Context } from "../context.js";
import { cpuTime } from "../measure.js";
import type { Table } from "../table.js";

const V = 10_000;

/** Sentences of 20 words, of frequencies by Zipf's law. */
function sentencesOf(count: number): string[][] {
  const random = new RandomGenerator(1);
  return Array.from({ length: count / 20 }, () => Array.from({ length: 20 }, () => `w${Math.floor(V ** random.uniform())}`));
}

/** Words a second of the trainers of word vectors: those of the text, skipped ones too, times the epochs. */
export async function measureWords(context: Context): Promise<Table> {
  await init({ device: "wasm", deterministic: context.variant === "simd" });
  const words = context.quick ? 100_000 : 300_000;
  const sentences = sentencesOf(words);
  const trainers = {
    "word2vec, skip-gram": (epochs: number) => trainWord2Vec(sentences, { epochs }),
    "the same, no word skipped": (epochs: number) => trainWord2Vec(sentences, { epochs, subsample: 0 }),
    "word2vec, CBOW": (epochs: number) => trainWord2Vec(sentences, { epochs, mode: "cbow" }),
    GloVe: (epochs: number) => trainGlove(sentences, { epochs }),
  };
  const rows = [];
  for (const [trainer, train] of Object.entries(trainers)) {
    const seconds = async (epochs: number) => {
      const start = cpuTime();
      await train(epochs);
      return (cpuTime() - start) / 1000;
    };
    await seconds(1);
    // The difference is the kernel's alone: preparing the text costs the same for one epoch and for more.
    const [one, four] = [await seconds(1), await seconds(4)];
    rows.push({ trainer, "words / s": (4 * words) / four, "words / s of an epoch": (3 * words) / (four - one) });
  }
  const note = `${words} words, about ${V} different, 100 dimensions, all else by default; four epochs with what comes before and after them.`;
  return { title: "Word vectors", note, rows };
}
