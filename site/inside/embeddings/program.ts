import * as sg from "seqgrad";
import { project } from "../geometry.js";
import type { Program } from "../program.js";

export interface EmbeddingsData {
  readonly status: string;
  readonly step: number;
  readonly words: readonly string[];
  readonly vectors: readonly Float32Array[];
  readonly points: readonly (readonly [number, number])[];
}

const STEPS = 800;

/** Sentences of a small world: people rule or play, fruit is eaten, animals run. */
const groups = {
  royal: ["king", "queen", "prince", "princess"],
  child: ["boy", "girl", "son", "daughter"],
  fruit: ["apple", "mango", "pear", "plum"],
  animal: ["dog", "cat", "horse", "goat"],
  rule: ["rules", "commands", "governs"],
  play: ["plays", "laughs", "learns"],
  taste: ["ripe", "sweet", "juicy"],
  run: ["runs", "barks", "sleeps"],
} as const;
const patterns = [
  ["royal", "rule"],
  ["child", "play"],
  ["fruit", "taste"],
  ["animal", "run"],
] as const;

/** Trains an embedding to predict the verb from the noun, and shows its vectors on a plane. */
const program: Program = async ({ post, frame }) => {
  await sg.init({ device: "wasm", threads: 1 });
  sg.manualSeed(1);
  const random = new sg.RandomGenerator(1);
  const words = Object.values(groups).flat();
  const pick = (list: readonly string[]) => words.indexOf(list[random.integer(list.length)] as (typeof words)[number]);
  const embedding = new sg.nn.Embedding(words.length, 8);
  const head = new sg.nn.Linear(8, words.length);
  const optimizer = new sg.optim.Adam([...embedding.parameters(), ...head.parameters()], { lr: 5e-3 });
  let directions: readonly (readonly number[])[] | undefined;
  for (let step = 1; step <= STEPS; step++) {
    const pairs = Array.from({ length: 32 }, () => {
      const [noun, verb] = patterns[random.integer(patterns.length)] ?? patterns[0];
      const pair = [pick(groups[noun]), pick(groups[verb])];
      return random.uniform() < 0.5 ? pair : pair.reverse();
    });
    const [x, y] = [0, 1].map((c) => sg.keep(sg.tensor(Int32Array.from(pairs, (pair) => pair[c] ?? 0))));
    if (!x || !y) return;
    const loss = await optimizer.step(() => sg.crossEntropy(head.forward(embedding.forward(x)), y)).read();
    x.dispose();
    y.dispose();
    if (step % 20 !== 1 && step !== STEPS) continue;
    const flat = embedding.weight.dataSync();
    const vectors = words.map((_, i) => Float32Array.from(flat.slice(i * 8, (i + 1) * 8)));
    const plane = project(vectors, directions);
    directions = plane.directions;
    const status = `Update ${step} of ${STEPS}, loss ${loss.toFixed(3)}`;
    post({ status, step, words, vectors, points: plane.points } satisfies EmbeddingsData);
    await frame();
  }
};
export default program;
