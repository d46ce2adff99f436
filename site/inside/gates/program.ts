import * as sg from "seqgrad";
import type { Program } from "../program.js";
import { characters } from "../text.js";

export interface GatesData {
  readonly status: string;
  readonly step: number;
  readonly loss: number;
  readonly letters: readonly string[];
  readonly units: number;
  /** By name (input, forget, cell, output, state): units by letters. */
  readonly pictures: Readonly<Record<string, Float32Array>>;
}

const STEPS = 600;
/** The units that are drawn. */
const UNITS = 16;
const names = ["input gate i", "forget gate f", "candidate g", "output gate o"] as const;

/** Trains an LSTM on letters, and shows its gates over a phrase after every few updates. */
const program: Program = async ({ post, frame }) => {
  await sg.init({ device: "wasm", threads: 1 });
  sg.manualSeed(1);
  const { text, tokenizer, model, loader, optimizer } = characters(sg, 48);
  const phrase = text.slice(0, 48);
  const seen: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  let step = 0;
  for await (const event of sg.fit(model, loader, { optimizer, steps: STEPS })) {
    if (event.type !== "step") continue;
    step = event.step;
    if (step % 10 !== 1 && step !== STEPS) continue;
    const capture = await model.capture(["lstm.gates", "lstm.cells"], (name, { shape, data }) => {
      seen[name.endsWith("gates") ? "gates" : "cells"] = { shape, data: Float32Array.from(data) };
    });
    sg.scope(() => sg.noGrad(() => model.forward(sg.tensor(Int32Array.from(tokenizer.encode(phrase)), [1, phrase.length]))));
    await capture.stop();
    const { gates, cells } = seen;
    if (!gates || !cells) continue;
    const [T, H] = [phrase.length, cells.data.length / phrase.length];
    const picture = (at: (t: number, u: number) => number) =>
      Float32Array.from({ length: UNITS * T }, (_, i) => at(i % T, Math.floor(i / T)));
    const pictures = Object.fromEntries(names.map((name, k) => [name, picture((t, u) => gates.data[(t * 4 + k) * H + u] ?? 0)]));
    pictures["cell state c"] = picture((t, u) => cells.data[t * H + u] ?? 0);
    const status = `Update ${step} of ${STEPS}, loss ${event.loss.toFixed(3)}`;
    post({ status, step, loss: event.loss, letters: [...phrase], units: UNITS, pictures } satisfies GatesData);
    await frame();
  }
};
export default program;
