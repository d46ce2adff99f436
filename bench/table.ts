/** The result of a section of the bench: rows with the same keys, numbers as they were measured. */
export interface Table {
  readonly title: string;
  /** Notes for the reader. */
  readonly note?: string;
  readonly rows: readonly Readonly<Record<string, string | number>>[];
}

/** Three significant digits, and no more zeros than that. */
function show(value: string | number | undefined): string {
  if (typeof value !== "number") return value ?? "";
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** Markdown that reads well in a terminal too: numbers to the right. */
export function format({ title, note, rows }: Table): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = names.map((name) => {
    const cells = rows.map((row) => show(row[name]));
    const right = rows.some((row) => typeof row[name] === "number");
    const width = Math.max(3, name.length, ...cells.map((cell) => cell.length));
    const pad = (text: string) => (right ? text.padStart(width) : text.padEnd(width));
    return { head: pad(name), line: right ? `${"-".repeat(width - 1)}:` : "-".repeat(width), cells: cells.map(pad) };
  });
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const lines = [line(columns.map(({ head }) => head)), line(columns.map((column) => column.line))];
  for (const i of rows.keys()) lines.push(line(columns.map(({ cells }) => cells[i]!)));
  return [`## ${title}`, ...(note ? [note] : []), "", ...lines, ""].join("\n");
}
