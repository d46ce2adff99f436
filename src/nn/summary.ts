import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import type { Shape } from "../util/shape.js";

/** A layer and what it holds itself. */
export interface SummaryRow {
  /** Its dotted name in the model; empty for the model itself. */
  readonly name: string;
  readonly kind: string;
  readonly tensors: readonly { readonly name: string; readonly shape: Shape; readonly size: number; readonly note?: string | undefined }[];
}

/** A table of layers, with the shape and the size of every parameter, and the totals. */
export function summaryTable(
  kind: string,
  rows: readonly SummaryRow[],
  totals: { readonly trained: number; readonly frozen: number },
): string {
  const count = (n: number) => n.toLocaleString("en-US");
  const lines = [["layer", "kind", "parameters", "count"]];
  for (const { name, kind, tensors } of rows) {
    const [first, ...rest] = tensors.map(({ name: own, shape, size, note }) => [`${own} ${formatShape(shape)}`, note ?? count(size)]);
    if (name !== "" || first) lines.push([name, name === "" ? "" : kind, ...(first ?? ["", ""])]);
    for (const own of rest) lines.push(["", "", ...own]);
  }
  lines.push(["total", "", "", count(totals.trained + totals.frozen)]);
  if (totals.frozen > 0) lines.push(["frozen", "", "", count(totals.frozen)]);
  const widths = [0, 1, 2, 3].map((c) => lines.reduce((most, line) => Math.max(most, nth(line, c).length), 0));
  const text = lines.map((line) =>
    line
      .map((cell, c) => (c === 3 ? cell.padStart(nth(widths, c)) : cell.padEnd(nth(widths, c))))
      .join("  ")
      .trimEnd(),
  );
  const rule = "-".repeat(widths.reduce((a, b) => a + b + 2) + 0);
  return [
    kind,
    rule,
    text[0],
    rule,
    ...text.slice(1, lines.length - (totals.frozen > 0 ? 2 : 1)),
    rule,
    ...text.slice(lines.length - (totals.frozen > 0 ? 2 : 1)),
  ].join("\n");
}
