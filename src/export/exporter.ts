import type { Graph } from "./graph.js";

/** How a kind of model becomes graphs, by the names of their files. */
export interface Exporter {
  readonly name: string;
  /** The functions that write the graphs of a model; undefined for a model of another kind. */
  graphs(model: unknown): Readonly<Record<string, (g: Graph) => void>> | undefined;
}

type Writer<M> = (g: Graph, model: M) => void;

/** An exporter of the models of a class. */
export const exporter = <M extends object>(
  of: { readonly name: string; readonly prototype: M },
  writers: Readonly<Record<string, Writer<M>>>,
): Exporter => ({
  name: of.name,
  graphs(model) {
    const isOne = (value: unknown): value is M => value instanceof Object && Object.prototype.isPrototypeOf.call(of.prototype, value);
    if (!isOne(model)) return undefined;
    return Object.fromEntries(Object.entries(writers).map(([name, write]) => [name, (g) => write(g, model)]));
  },
});
