import type { SequenceEncoder } from "../models/sequence-encoder.js";
import { SeqgradError } from "../util/errors.js";
import type { Graph, Value } from "./graph.js";
import { atEnds, linear } from "./layers.js";
import { sinusoidal } from "./positions.js";
import { recurrent } from "./recurrent.js";
import { transformer } from "./transformer.js";

/** x `[B, T, D]` -> output `[B, T, E]` and last `[B, E]`, as SequenceEncoder.forward() returns them. */
export function encoded(g: Graph, encoder: SequenceEncoder, x: Value, lengths: Value): { output: Value; last: () => Value } {
  const { rnn, projection, transformer: stack, outputSize } = encoder;
  if (rnn) {
    const { output, state } = recurrent(g, rnn, x, { lengths });
    const top = rnn.bidirectional ? [-2, -1] : [-1];
    return {
      output,
      last: () =>
        g.concat(
          top.map((i) => g.select(state.h, i, 0)),
          1,
        ),
    };
  }
  if (!stack) throw new SeqgradError("state", "toOnnx: the sequence encoder has no layers.");
  const placed = sinusoidal(g, projection ? linear(g, x, projection) : x, outputSize);
  const output = transformer(g, stack, placed, { lengths });
  return { output, last: () => atEnds(g, output, lengths) };
}
