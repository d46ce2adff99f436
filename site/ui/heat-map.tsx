import { effect, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { colorTable, token } from "./theme-tokens.js";

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Row by row. */
  readonly data: Float32Array | readonly number[];
}

export interface HeatMapProps {
  readonly title: string;
  readonly values: ReadonlySignal<Matrix>;
  readonly rowLabels?: readonly string[];
  readonly columnLabels?: readonly string[];
  readonly scale?: "diverging" | "sequential";
  /** The values of the first and the last color; those of the data, if it is left out. */
  readonly range?: readonly [number, number];
  /** Called with the cell under the pointer or the keyboard, and with undefined when there is none. */
  readonly onHover?: (cell: { row: number; column: number; value: number } | undefined) => void;
}

const FONT = "12px system-ui, sans-serif";
const MAX_CELL = 36;

const short = (value: number) => Number(value.toPrecision(3)).toString();

function rangeOf({ data }: Matrix, scale: "diverging" | "sequential"): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return scale === "diverging" ? [-most, most] : [low, high > low ? high : low + 1];
}

interface Layout {
  readonly left: number;
  readonly top: number;
  readonly cell: readonly [width: number, height: number];
}

function paint(canvas: HTMLCanvasElement, matrix: Matrix, props: HeatMapProps, range: readonly [number, number], width: number): Layout {
  const { rows, columns, data } = matrix;
  const { rowLabels, columnLabels, scale = "diverging" } = props;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser draws no canvas.");
  context.font = FONT;
  const widthOf = (labels: readonly string[] | undefined, count: number) =>
    labels ? Math.max(0, ...labels.slice(0, count).map((label) => context.measureText(label).width)) : 0;
  const left = rowLabels ? Math.min(widthOf(rowLabels, rows) + 8, width / 3) : 0;
  const cellWidth = Math.max(1, Math.min(MAX_CELL, (width - left) / Math.max(1, columns)));
  const cellHeight = Math.max(rowLabels ? 14 : 2, Math.min(MAX_CELL, cellWidth, 320 / Math.max(1, rows)));
  const tall = widthOf(columnLabels, columns);
  const upright = tall > cellWidth + 4;
  const top = columnLabels ? (upright ? Math.min(tall, 90) : 14) + 6 : 0;
  const [w, h] = [left + cellWidth * columns, top + cellHeight * rows + 1];
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(w * ratio);
  canvas.height = Math.round(h * ratio);
  canvas.style.width = `${w}px`;
  canvas.style.height = `${h}px`;
  context.scale(ratio, ratio);
  context.font = FONT;
  context.fillStyle = token("--muted");
  context.textBaseline = "middle";
  if (rowLabels && cellHeight >= 11) {
    context.textAlign = "right";
    for (let r = 0; r < rows; r++) context.fillText(rowLabels[r] ?? "", left - 6, top + (r + 0.5) * cellHeight, left - 6);
  }
  if (columnLabels && cellWidth >= 9)
    for (let c = 0; c < columns; c++) {
      context.save();
      context.translate(left + (c + 0.5) * cellWidth, top - 6);
      context.textAlign = upright ? "left" : "center";
      if (upright) context.rotate(-Math.PI / 2);
      context.fillText(columnLabels[c] ?? "", 0, upright ? 0 : -6);
      context.restore();
    }
  if (rows * columns > 0) {
    const table = colorTable(scale);
    const image = new ImageData(columns, rows);
    const factor = 255 / (range[1] - range[0]);
    for (let i = 0; i < rows * columns; i++) {
      const value = data[i] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      const index = Math.round(Math.min(255, Math.max(0, (value - range[0]) * factor)));
      image.data.set(table.subarray(4 * index, 4 * index + 4), 4 * i);
    }
    const small = new OffscreenCanvas(columns, rows);
    small.getContext("2d")?.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(small, left, top, cellWidth * columns, cellHeight * rows);
  }
  return { left, top, cell: [cellWidth, cellHeight] };
}

/** A matrix as colors, with its legend. The pointer and the arrow keys show the value of a cell. */
export function HeatMap(props: HeatMapProps) {
  const { title, values, rowLabels, columnLabels, scale = "diverging", range, onHover } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const layout = useRef<Layout | undefined>(undefined);
  const [cell, setCell] = useState<{ row: number; column: number }>();
  const matrix = values.value;
  const [low, high] = range ?? rangeOf(matrix, scale);
  useEffect(() => {
    let frame = 0;
    const draw = () => {
      if (box.current && canvas.current) {
        const now = values.peek();
        layout.current = paint(canvas.current, now, props, range ?? rangeOf(now, scale), box.current.clientWidth);
      }
    };
    const soon = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(draw);
    };
    const stop = effect(() => {
      values.value;
      soon();
    });
    const observer = new ResizeObserver(soon);
    if (box.current) observer.observe(box.current);
    window.addEventListener("themechange", soon);
    return () => {
      stop();
      cancelAnimationFrame(frame);
      observer.disconnect();
      window.removeEventListener("themechange", soon);
    };
  }, [values, rowLabels?.join("\n"), columnLabels?.join("\n"), scale, range?.[0], range?.[1]]);
  const show = (next: { row: number; column: number } | undefined) => {
    const inside = next && next.row >= 0 && next.column >= 0 && next.row < matrix.rows && next.column < matrix.columns ? next : undefined;
    setCell(inside);
    onHover?.(inside && { ...inside, value: matrix.data[inside.row * matrix.columns + inside.column] ?? Number.NaN });
  };
  const under = (event: PointerEvent) => {
    const at = layout.current;
    if (!at) return;
    show({ row: Math.floor((event.offsetY - at.top) / at.cell[1]), column: Math.floor((event.offsetX - at.left) / at.cell[0]) });
  };
  const step = (event: KeyboardEvent) => {
    const steps: Record<string, [number, number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const by = steps[event.key];
    if (!by) return;
    event.preventDefault();
    const { row, column } = cell ?? { row: 0, column: 0 };
    const clamp = (n: number, size: number) => Math.max(0, Math.min(size - 1, n));
    show(cell ? { row: clamp(row + by[0], matrix.rows), column: clamp(column + by[1], matrix.columns) } : { row, column });
  };
  const name = (labels: readonly string[] | undefined, i: number, kind: string) => (labels?.[i] ? `“${labels[i]}”` : `${kind} ${i + 1}`);
  const value = cell && matrix.data[cell.row * matrix.columns + cell.column];
  const size = `${matrix.rows} rows, ${matrix.columns} columns, values from ${short(low)} to ${short(high)}.`;
  return (
    <figure class="chart heat-map">
      <figcaption>{title}</figcaption>
      <div ref={box} class="heat-box">
        <canvas
          ref={canvas}
          tabIndex={0}
          role="img"
          aria-label={`${title}. ${size} Arrow keys read the cells.`}
          onPointerMove={under}
          onPointerLeave={() => show(undefined)}
          onBlur={() => show(undefined)}
          onKeyDown={step}
        />
      </div>
      <div class="legend">
        <span>{short(low)}</span>
        <span class={`ramp ${scale}`} />
        <span>{short(high)}</span>
        <output aria-live="polite">
          {cell && value !== undefined
            ? `${name(rowLabels, cell.row, "row")}, ${name(columnLabels, cell.column, "column")}: ${short(value)}`
            : ""}
        </output>
      </div>
    </figure>
  );
}
