import * as sg from "seqgrad";
import type { Program } from "../program.js";
import { characters } from "../text.js";

export interface PhraseData {
  readonly status: string;
  readonly text: string;
  readonly cells: number;
  /** tanh of the cell states, letters by cells. */
  readonly states: Float32Array;
}

const STEPS = 600;
/** The letters of the text that are searched. */
const LENGTH = 1500;

/** Trains an LSTM on letters, and hands the cell states over the text to the page, which searches in them. */
const program: Program = async ({ post, frame }) => {
  await sg.init({ device: "wasm", threads: 1 });
  sg.manualSeed(1);
  const cells = 48;
  const { text, tokenizer, model, loader, optimizer } = characters(sg, cells);
  const read = text.slice(0, LENGTH);
  const ids = sg.keep(sg.tensor(Int32Array.from(tokenizer.encode(read)), [1, read.length]));
  for await (const event of sg.fit(model, loader, { optimizer, steps: STEPS })) {
    if (event.type !== "step" || (event.step % 100 !== 1 && event.step !== STEPS)) continue;
    let states = new Float32Array();
    const capture = await model.capture(["lstm.cells"], (_, { data }) => {
      states = Float32Array.from(data, Math.tanh);
    });
    sg.scope(() => sg.noGrad(() => model.forward(ids)));
    await capture.stop();
    post({ status: `Update ${event.step} of ${STEPS}, loss ${event.loss.toFixed(3)}`, text: read, cells, states } satisfies PhraseData);
    await frame();
  }
};
export default program;
