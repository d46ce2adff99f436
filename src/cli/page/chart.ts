import { nth } from "../../util/nth.js";
import { Html, html } from "./html.js";

/** A curve: points from left to right. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const [WIDTH, HEIGHT] = [460, 250];
const [LEFT, RIGHT, TOP, BOTTOM] = [58, 14, 12, 40];
/** Curves differ by color and by dashes. */
const dashes = ["", "6 3", "2 3", "8 3 2 3", "1 4"];

/** Round numbers that span an interval, about `count` of them. */
export function ticksOf(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count;
  if (!(rough > 0) || !Number.isFinite(rough)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((size) => size >= rough * 0.999)!;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

const short = (value: number): string => {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(1) : String(Number(value.toPrecision(4)));
};

/** Curves over a common axis, as SVG with a legend. `best` marks a place on the axis. */
export function chart(title: string, axis: string, curves: readonly Curve[], best?: number): Html {
  const drawn = curves
    .map((curve) => ({ ...curve, points: curve.points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)) }))
    .filter(({ points }) => points.length > 0);
  if (drawn.length === 0) return html``;
  const all = drawn.flatMap(({ points }) => points);
  const extent = (values: readonly number[]): [number, number] => {
    const [low, high] = values.reduce(
      ([a, b], v) => [Math.min(a, v), Math.max(b, v)],
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    );
    const margin = low === high ? Math.abs(low) * 0.1 || 0.5 : 0;
    // What is nowhere below 0 is not drawn as if it could be.
    return [low >= 0 ? Math.max(0, low - margin) : low - margin, high + margin];
  };
  const [x0, x1] = extent(all.map(([x]) => x));
  const [low, high] = extent(all.map(([, y]) => y));
  const pad = (high - low) * 0.04;
  const [y0, y1] = [low - pad, high + pad];
  const X = (x: number) => LEFT + ((x - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT);
  const Y = (y: number) => HEIGHT - BOTTOM - ((y - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
  const at = (n: number) => n.toFixed(1);
  const yTicks = ticksOf(y0, y1, 5).map(
    (y) =>
      html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(Y(y))}" y2="${at(Y(y))}"/><text x="${LEFT - 6}" y="${at(Y(y) + 4)}" text-anchor="end">${short(y)}</text>`,
  );
  const xTicks = ticksOf(x0, x1, 5)
    .filter((x) => Number.isInteger(x))
    .map((x) => html`<text x="${at(X(x))}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${short(x)}</text>`);
  const mark =
    best !== undefined &&
    best >= x0 &&
    best <= x1 &&
    html`<line class="best" x1="${at(X(best))}" x2="${at(X(best))}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`;
  const lines = drawn.map(({ points }, i) => {
    const path = points.map(([x, y]) => `${at(X(x))},${at(Y(y))}`).join(" ");
    const dots =
      points.length <= 40 && points.map(([x, y]) => html`<circle class="dot c${i % 5}" cx="${at(X(x))}" cy="${at(Y(y))}" r="2.5"/>`);
    return html`<polyline class="curve c${i % 5}" stroke-dasharray="${nth(dashes, i % 5)}" points="${path}"/>${dots}`;
  });
  const legend = drawn.map(
    ({ name }, i) =>
      html`<li><svg class="key" viewBox="0 0 26 8" aria-hidden="true"><line class="curve c${i % 5}" stroke-dasharray="${nth(dashes, i % 5)}" x1="0" x2="26" y1="4" y2="4"/></svg>${name}</li>`,
  );
  const bestKey =
    mark !== false &&
    html`<li><svg class="key" viewBox="0 0 26 8" aria-hidden="true"><line class="best" x1="13" x2="13" y1="0" y2="8"/></svg>kept</li>`;
  return html`<figure><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">${yTicks}${xTicks}<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${axis}</text>${mark}${lines}</svg>
<ul class="legend">${legend}${bestKey}</ul></figure>`;
}

/** Numbers as shades, the largest the darkest. With `counts` they stand in the cells. */
export interface Matrix {
  readonly title: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly values: readonly (readonly number[])[];
  readonly counts?: boolean;
  /** The titles of rows and columns. */
  readonly axes: readonly [rows: string, columns: string];
}

export function matrix({ title, rows, columns, values, counts = false, axes }: Matrix): Html {
  const cells = values.map((row) => {
    // Counts are shaded by their share of the row, so that a rare class shows too.
    const most = counts ? row.reduce((a, b) => a + b, 0) : row.reduce((a, b) => Math.max(a, b), 0);
    return row.map((value) => {
      const share = most > 0 ? Math.max(0, value) / most : 0;
      const shown = counts ? `${value}` : "";
      const tip = counts ? undefined : value.toFixed(3);
      return html`<td style="--v:${(100 * share * 0.9).toFixed(0)}%" class="${share > 0.5 ? "full" : ""}" title="${tip ?? `${(100 * share).toFixed(1)} % of the row`}">${shown}</td>`;
    });
  });
  const turned = columns.some((name) => name.length > (counts ? 8 : 3)) || (counts && columns.length > 5);
  const head = columns.map((name) => html`<th scope="col" title="${name}"><span>${name}</span></th>`);
  const body = rows.map((name, i) => html`<tr><th scope="row" title="${name}">${name}</th>${nth(cells, i)}</tr>`);
  return html`<figure class="wide"><figcaption>${title}</figcaption><div class="scroll"><table class="matrix ${counts ? "counts" : "shades"} ${turned ? "turned" : ""}">
<thead><tr><th class="corner">${axes[0]} ↓<br>${axes[1]} →</th>${head}</tr></thead><tbody>${body}</tbody></table></div></figure>`;
}

/** All that the page's look needs; nothing is loaded. */
export const style = new Html(`<style>
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--soft:#59636e;--line:#d8dee4;--card:#f6f8fa;--accent:#0b62c4;--good:#1a7f37;--bad:#b3261e;--full:#fff;
--c0:#0b62c4;--c1:#b54708;--c2:#1a7f37;--c3:#7c3aed;--c4:#a8156b}
@media (prefers-color-scheme:dark){:root{--bg:#0f1216;--fg:#e4e8ed;--soft:#9aa5b1;--line:#2f3740;--card:#181d23;--accent:#5aa9ff;--good:#56c271;--bad:#ff8178;--full:#08121e;
--c0:#5aa9ff;--c1:#f0a35c;--c2:#56c271;--c3:#b79bff;--c4:#ff85c2}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:20px 16px 48px}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:36px 0 12px;padding-bottom:4px;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:20px 0 8px}
p{margin:8px 0;overflow-wrap:anywhere}
.soft{color:var(--soft)}
.note{background:var(--card);border-left:4px solid var(--c1);padding:8px 12px;margin:10px 0;overflow-wrap:anywhere}
.numbers{display:flex;flex-wrap:wrap;gap:10px;margin:14px 0}
.numbers div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:8px 14px;min-width:96px}
.numbers b{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums}
.numbers span{color:var(--soft);font-size:.85rem}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:16px}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;min-width:0}
figure.wide{margin:12px 0}
figcaption{font-weight:600;margin-bottom:6px;overflow-wrap:anywhere}
figure>svg{display:block;width:100%;max-width:640px;height:auto}
svg text{fill:var(--soft);font-size:12px}
.grid{stroke:var(--line);stroke-width:1}
.curve{fill:none;stroke-width:2}
.best{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:3 3}
.c0{stroke:var(--c0)}.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}.c4{stroke:var(--c4)}
.dot.c0{fill:var(--c0)}.dot.c1{fill:var(--c1)}.dot.c2{fill:var(--c2)}.dot.c3{fill:var(--c3)}.dot.c4{fill:var(--c4)}
.dot{stroke:none}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 16px;margin:6px 0 0;padding:0;font-size:.85rem;color:var(--soft)}
.key{width:26px;height:8px;margin-right:6px;vertical-align:middle}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:4px 10px;text-align:right;border-bottom:1px solid var(--line);font-weight:400}
thead th{color:var(--soft);font-size:.85rem}
th[scope=row],.facts th{text-align:left;max-width:220px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.facts{width:100%;table-layout:fixed}
.facts th{width:34%;color:var(--soft);white-space:normal;overflow-wrap:anywhere;vertical-align:top}
.facts td{text-align:left;overflow-wrap:anywhere}
.matrix th,.matrix td{border:1px solid var(--line);padding:4px 8px}
.matrix td{background:color-mix(in srgb,var(--accent) var(--v),transparent);text-align:center;min-width:34px}
.matrix td.full{color:var(--full)}
.matrix th[scope=row]{max-width:150px}
.matrix th[scope=col]{text-align:center;max-width:110px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;color:var(--fg)}
.matrix .corner{text-align:left;font-size:.78rem;vertical-align:bottom;white-space:nowrap}
.matrix.turned th[scope=col]{vertical-align:bottom;padding:6px 2px;max-width:none}
.matrix.turned th[scope=col] span{writing-mode:vertical-rl;transform:rotate(180deg);max-height:120px;overflow:hidden;text-overflow:ellipsis;display:inline-block}
.shades td{min-width:22px;height:22px;padding:0}
.shades th{padding:2px 6px}
.samples{list-style:none;margin:0;padding:0;display:grid;gap:10px}
.samples li{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 12px;overflow-wrap:anywhere}
.samples .in{display:-webkit-box;-webkit-line-clamp:4;-webkit-box-orient:vertical;overflow:hidden}
.good{color:var(--good)}.bad{color:var(--bad)}
pre.layers{white-space:pre;overflow-wrap:normal;margin:0;width:max-content;min-width:100%}
summary{cursor:pointer;margin:14px 0 6px;font-weight:600}
.right{margin-left:14px}
.names th[scope=row]{max-width:360px;white-space:normal}
pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;white-space:pre-wrap;overflow-wrap:anywhere;font:14px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;margin:8px 0}
@media (max-width:480px){th,td{padding:4px 6px}.numbers div{flex:1 1 40%}h1{font-size:1.35rem}}
</style>`);
