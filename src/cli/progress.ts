import type { WriteStream } from "node:tty";
import { nth } from "../util/nth.js";

const BAR = 24;
const SHORTEST_BAR = 8;
/** Milliseconds between two drawings. */
const INTERVAL = 100;

/** 75 as `1:15`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const pad = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** 12345 as `12.3k`. */
export const formatRate = (n: number): string => (n >= 9950 ? `${(n / 1000).toFixed(n >= 99_500 ? 0 : 1)}k` : n.toFixed(0));

/** As many of the parts as fit, the first in any case, behind a bar as wide as the rest leaves room for. */
export function formatProgress(share: number, parts: readonly string[], columns: number): string {
  // The last column stays free: some terminals wrap when it is written.
  const room = columns - 1;
  let text = nth(parts, 0).slice(0, room);
  for (const part of parts.slice(1)) {
    if (text.length + 2 + part.length > room) break;
    text += `  ${part}`;
  }
  const width = Math.min(BAR, room - 1 - text.length);
  const filled = Math.round(width * share);
  return width < SHORTEST_BAR ? text : `${"█".repeat(filled)}${"░".repeat(width - filled)} ${text}`;
}

/**
 * One line on a terminal that says how far a run is, how fast, and when it will be done. Elsewhere it writes nothing. Not a prompt
 * library's bar: those put the terminal into raw mode and take Ctrl-C for themselves.
 */
export class ProgressLine {
  readonly #startedAt = performance.now();
  #drawnAt = 0;

  constructor(
    private readonly total: number,
    /** Done before the line began. */
    private readonly first = 0,
    private readonly out: Pick<WriteStream, "isTTY" | "columns" | "write"> = process.stderr,
  ) {}

  update(done: number, details: readonly string[] = []): void {
    if (!this.out.isTTY || performance.now() - this.#drawnAt < INTERVAL) return;
    this.#drawnAt = performance.now();
    const rate = (done - this.first) / (performance.now() - this.#startedAt);
    const left = rate > 0 ? [`ETA ${formatDuration((this.total - done) / rate / 1000)}`] : [];
    // A pseudo-terminal that nobody has sized has 0 columns.
    const columns = this.out.columns || 80;
    this.out.write(`\r\x1b[K${formatProgress(done / this.total, [`${done}/${this.total}`, ...details, ...left], columns)}`);
  }

  /** Makes room for other output. */
  clear(): void {
    if (this.out.isTTY) this.out.write("\r\x1b[K");
  }
}
