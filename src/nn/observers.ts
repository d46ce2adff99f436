import type { Observer, StepsObserver } from "../ops/recurrent.js";
import type { InternalTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Engine } from "./observed.js";

export type See = (name: string, value: () => Tensor) => void;

/** Gives what a layer shows, in the shapes that capture() promises, to `see`. */
export class LayerObserver implements Observer {
  constructor(
    private readonly engine: Engine,
    private readonly see: See,
    private readonly prefix = "",
  ) {}

  show(name: string, value: () => Tensor): void {
    this.see(this.prefix + name, value);
  }

  at(place: string): LayerObserver {
    return new LayerObserver(this.engine, this.see, `${place}.`);
  }

  forward({ y, gates, cells }: Parameters<Observer["forward"]>[0], count: number): void {
    if (gates) this.show("gates", () => rowsFirst(gates, count));
    if (cells) this.show("cells", () => rowsFirst(cells));
    this.show("hidden", () => y);
  }

  backward(dh: InternalTensor | undefined): void {
    if (dh) this.show("hidden.gradient", () => rowsFirst(dh));
  }

  compose(T: number): CompositionObserver {
    return new CompositionObserver(this.engine, this, T);
  }
}

/** x [T, B, H] as [B, T, H]; with a number of gates, x [T, B, 4 H] as [B, T, count, H]. */
function rowsFirst(x: InternalTensor, count?: number): Tensor {
  const [T = 0, B = 0, width = 0] = x.shape;
  const H = width / 4;
  return count ? x.view([B, T, count, H], [width, B * width, H, 1], x.offset) : x.view([B, T, width], [width, B * width, 1], x.offset);
}

/** Gathers the steps of a composition. */
class CompositionObserver implements StepsObserver {
  readonly #gates: Tensor[] = [];
  readonly #cells: Tensor[] = [];
  readonly #gradients: (Tensor | undefined)[];
  /** The step that the composition began with, whose gradient is the last to come. */
  #first: number | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly observer: Observer,
    T: number,
  ) {
    this.#gradients = new Array(T).fill(undefined);
  }

  gates(t: number, gates: Tensor[], valid: Tensor | undefined): void {
    const { noGrad, stack, unsqueeze, where } = this.engine;
    this.#gates[t] = noGrad(() => {
      const all = stack(gates, { axis: 1 });
      return valid ? where(unsqueeze(valid, { axis: 2 }), all, 0) : all;
    });
  }

  hidden(t: number, h: Tensor): Tensor {
    const { gradientSeen, stack, fill, empty, internal } = this.engine;
    this.#first ??= t;
    return gradientSeen(h, (dh) => {
      this.#gradients[t] = dh;
      if (t !== this.#first) return;
      const all = () => this.#gradients.map((seen) => seen ?? fill(empty(internal(h).backend, h.shape), 0));
      this.observer.show("hidden.gradient", () => stack(all(), { axis: 1 }));
    });
  }

  cells(t: number, c: Tensor | undefined): void {
    if (c) this.#cells[t] = c;
  }

  end(outputs: readonly Tensor[]): void {
    const all = (steps: readonly Tensor[]) => () => this.engine.stack(steps, { axis: 1 });
    if (this.#gates.length > 0) this.observer.show("gates", all(this.#gates));
    if (this.#cells.length > 0) this.observer.show("cells", all(this.#cells));
    this.observer.show("hidden", all(outputs));
  }
}
