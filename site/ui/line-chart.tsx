import { effect, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { token } from "./theme-tokens.js";

export interface Series {
  readonly name: string;
  readonly xs: readonly number[];
  readonly ys: readonly number[];
}

export interface LineChartProps {
  readonly title: string;
  /** The name of the horizontal axis. */
  readonly x: string;
  readonly y: string;
  readonly series: ReadonlySignal<readonly Series[]>;
  /** True for a logarithmic vertical axis. */
  readonly log?: boolean;
}

const HEIGHT = 240;

const number = (value: number | undefined) => (value === undefined ? "nothing" : Number(value.toPrecision(4)).toString());

/** The series in words, for those who do not see the chart. */
function summaryOf(title: string, series: readonly Series[]): string {
  const lines = series
    .filter(({ ys }) => ys.length > 0)
    .map(({ name, xs, ys }) => `${name}: ${ys.length} points, from ${number(ys[0])} to ${number(ys.at(-1))} at ${number(xs.at(-1))}`);
  return lines.length > 0 ? `${title}. ${lines.join(". ")}.` : `${title}. Nothing is drawn yet.`;
}

/** The series over the union of their places; a place that a series lacks is a gap that is bridged. */
function aligned(series: readonly Series[]): uPlot.AlignedData {
  if (series.length === 0) return [[], []];
  return uPlot.join(series.map(({ xs, ys }) => [[...xs], [...ys]]));
}

/** Lines over steps or epochs. */
export function LineChart({ title, x, y, series, log = false }: LineChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const text = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let plot: uPlot | undefined;
    let drawn = "";
    const draw = () => {
      const list = series.peek();
      const names = JSON.stringify(list.map(({ name }) => name));
      if (!plot || names !== drawn) {
        plot?.destroy();
        drawn = names;
        const axis = {
          stroke: token("--muted"),
          grid: { stroke: token("--line"), width: 1 },
          ticks: { stroke: token("--line"), width: 1 },
        };
        plot = new uPlot(
          {
            width: Math.max(element.clientWidth, 200),
            height: HEIGHT,
            cursor: { drag: { x: false, y: false } },
            scales: { x: { time: false }, y: { distr: log ? 3 : 1 } },
            axes: [
              { ...axis, label: x },
              { ...axis, label: y, size: 60 },
            ],
            series: [
              { label: x },
              ...(list.length > 0 ? list : [{ name: y }]).map(({ name }, i) => ({
                label: name,
                stroke: token(`--series-${(i % 8) + 1}`),
                width: 2,
                spanGaps: true,
                points: { show: false },
              })),
            ],
          },
          aligned(list),
          element,
        );
      } else plot.setData(aligned(list));
      if (text.current) text.current.textContent = summaryOf(title, list);
    };
    const redraw = () => {
      plot?.destroy();
      plot = undefined;
      draw();
    };
    let frame = 0;
    const stop = effect(() => {
      series.value;
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(draw);
    });
    const observer = new ResizeObserver(() => plot?.setSize({ width: Math.max(element.clientWidth, 200), height: HEIGHT }));
    observer.observe(element);
    window.addEventListener("themechange", redraw);
    return () => {
      stop();
      cancelAnimationFrame(frame);
      observer.disconnect();
      window.removeEventListener("themechange", redraw);
      plot?.destroy();
    };
  }, [series, title, x, y, log]);
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={box} aria-hidden="true" />
      <p ref={text} class="for-readers" />
    </figure>
  );
}
