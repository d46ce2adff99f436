import { type Signal, signal } from "@preact/signals";
import type { Matrix } from "../ui/heat-map.js";
import type { Series } from "../ui/line-chart.js";
import type { Shown, ShownMatrix } from "./protocol.js";

/** One thing that the code shows, in the order in which it first did. */
export type View =
  | { readonly type: "line"; readonly title: string; readonly series: Signal<readonly Series[]> }
  | { readonly type: "matrix"; readonly title: string; readonly values: Signal<Matrix>; readonly labels: Signal<ShownMatrix> }
  | { readonly type: "text"; readonly title: string; readonly text: Signal<string> }
  | { readonly type: "table"; readonly title: string; readonly rows: Signal<readonly Readonly<Record<string, string | number>>[]> };

/** The most lines of the console that are kept. */
const LINES = 500;

/** The things that the code of a run has shown so far. */
export class Views {
  readonly list = signal<readonly View[]>([]);
  readonly log = signal<readonly { readonly level: string; readonly text: string }[]>([]);
  readonly answer = signal<string>();
  private readonly lines = new Map<string, Map<string, { xs: number[]; ys: number[] }>>();

  /** Shows a lot of messages; a chart is drawn once for all of its points. */
  show(shown: readonly Shown[]): void {
    const changed = new Set<string>();
    for (const item of shown)
      if (item.type === "log") this.log.value = [...this.log.value, item].slice(-LINES);
      else if (item.type === "answer") this.answer.value = item.answer;
      else if (item.type === "line") {
        changed.add(item.chart);
        const lines = this.lines.get(item.chart) ?? new Map<string, { xs: number[]; ys: number[] }>();
        this.lines.set(item.chart, lines);
        for (const [name, y] of Object.entries(item.values)) {
          const line = lines.get(name) ?? { xs: [], ys: [] };
          lines.set(name, line);
          line.xs.push(item.x);
          line.ys.push(y);
        }
      } else this.set(item);
    for (const chart of changed) {
      const series = [...(this.lines.get(chart) ?? [])].map(([name, { xs, ys }]) => ({ name, xs, ys }));
      const view = this.find("line", chart);
      if (view?.type === "line") view.series.value = series;
      else this.add({ type: "line", title: chart, series: signal<readonly Series[]>(series) });
    }
  }

  private set(item: Extract<Shown, { title: string }>): void {
    const view = this.find(item.type, item.title);
    if (item.type === "text") {
      if (view?.type === "text") view.text.value = item.text;
      else this.add({ type: "text", title: item.title, text: signal(item.text) });
    } else if (item.type === "table") {
      if (view?.type === "table") view.rows.value = item.rows;
      else this.add({ type: "table", title: item.title, rows: signal(item.rows) });
    } else {
      const { values } = item.matrix;
      const matrix: Matrix = { rows: values.length, columns: values[0]?.length ?? 0, data: values.flat() };
      if (view?.type === "matrix") {
        view.values.value = matrix;
        view.labels.value = item.matrix;
      } else this.add({ type: "matrix", title: item.title, values: signal(matrix), labels: signal(item.matrix) });
    }
  }

  private find(type: string, title: string): View | undefined {
    return this.list.value.find((view) => view.type === type && view.title === title);
  }

  private add(view: View): void {
    this.list.value = [...this.list.value, view];
  }
}
