import type { WriteStream } from "node:tty";

const BAR = 24;
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

/** The widest of the forms of a progress line that fits: all of it, then without the bar, then cut. */
export function formatProgress(share: number, count: string, detail: string, columns: number): string {
  const filled = Math.round(BAR * share);
  const text = `${count}  ${detail}`;
  // The last column stays free: some terminals wrap when it is written.
  const bar = BAR + 1 + text.length < columns ? `${"█".repeat(filled)}${"░".repeat(BAR - filled)} ` : "";
  return `${bar}${text.slice(0, columns - 1)}`;
}

/**
 * One line on a terminal that tells how far a run is, how fast, and when it will be done. Elsewhere it writes nothing. Not a prompt
 * library's bar: those put the terminal into raw mode and take Ctrl-C for themselves.
 */
export class ProgressLine {
  readonly #startedAt = performance.now();
  #drawnAt = 0;

  constructor(
    private readonly total: number,
    /** Done before the line began. */
    private readonly first = 0,
    private readonly out: WriteStream = process.stderr,
  ) {}

  update(done: number, detail: string): void {
    if (!this.out.isTTY || performance.now() - this.#drawnAt < INTERVAL) return;
    this.#drawnAt = performance.now();
    const rate = (done - this.first) / (performance.now() - this.#startedAt);
    const left = rate > 0 ? `  ETA ${formatDuration((this.total - done) / rate / 1000)}` : "";
    // A pseudo-terminal that nobody has sized has 0 columns.
    const line = formatProgress(done / this.total, `${done}/${this.total}`, detail + left, this.out.columns || 80);
    this.out.write(`\r\x1b[K${line}`);
  }

  /** Makes room for other output. */
  clear(): void {
    if (this.out.isTTY) this.out.write("\r\x1b[K");
  }
}
