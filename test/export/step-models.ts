import type { Step, StepModel } from "../../src/decode/index.js";
import { type Feeds, ints, type OnnxModel, type OnnxTensor } from "../helpers/onnx.js";

/** The rows of a tensor along an axis. */
function rowsOf({ dims, data }: OnnxTensor, axis: number, rows: ArrayLike<number>): OnnxTensor {
  const inner = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const [outer, n] = [dims.slice(0, axis).reduce((a, b) => a * b, 1), dims[axis]!];
  const chosen = Array.from(rows);
  const parts = Array.from({ length: outer }, (_, o) =>
    chosen.map((row) => Array.from(data.subarray((o * n + row) * inner, (o * n + row + 1) * inner), Number)),
  );
  const picked = parts.flat(2);
  const type = data instanceof Int32Array ? Int32Array : Float32Array;
  return { dims: dims.with(axis, chosen.length), data: type.from(picked) };
}

const axisOf = (name: string) => (name === "h" || name === "c" ? 1 : 0);

interface State {
  readonly feeds: Feeds;
  readonly position: number;
}

/** Decodes by a graph of a step, as docs/export.md says: what it returns as `next.X` or `present.X` is its next `X` or `past.X`. */
export class OnnxSteps implements StepModel<State> {
  constructor(
    readonly graph: OnnxModel,
    /** What the encoder returned, or a state of zeros, for one row. */
    readonly first: Feeds,
  ) {}

  step(tokens: ArrayLike<number>, state: State = { feeds: this.first, position: 0 }): Promise<Step<State>> {
    return this.#advance(tokens, [1, tokens.length], state);
  }

  stepRows(tokens: ArrayLike<number>, { feeds, position }: State, rows: ArrayLike<number>): Promise<Step<State>> {
    const chosen = Object.entries(feeds).map(([name, x]) => [name, rowsOf(x, axisOf(name), rows)]);
    return this.#advance(tokens, [tokens.length, 1], { feeds: Object.fromEntries(chosen), position });
  }

  async #advance(tokens: ArrayLike<number>, shape: readonly number[], { feeds, position }: State): Promise<Step<State>> {
    const known = new Set(this.graph.session.inputNames);
    const all = { ...feeds, tokens: ints(tokens, ...shape), position: ints([position], 1) };
    const got = await this.graph.run(Object.fromEntries(Object.entries(all).filter(([name]) => known.has(name))));
    const { dims, data } = got.logits!;
    const [B, T, V] = dims as [number, number, number];
    const last = Array.from({ length: B }, (_, b) => Array.from(data.subarray((b * T + T - 1) * V, (b + 1) * T * V), Number));
    const next = Object.entries(got).flatMap(([name, x]) =>
      /^(next|present)\./.test(name) ? [[name.replace(/^next\./, "").replace(/^present\./, "past."), x]] : [],
    );
    return { logits: last.flat(), state: { feeds: { ...feeds, ...Object.fromEntries(next) }, position: position + T } };
  }
}
