import type { WriteStream } from "node:tty";

const WIDTH = 24;

/** 75 as `1:15`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const pad = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** 12345 as `12.3k`. */
export const formatRate = (n: number): string => (n >= 9950 ? `${(n / 1000).toFixed(n >= 99_500 ? 0 : 1)}k` : n.toFixed(0));

/**
 * One line on a terminal that tells how far a run is, how fast, and when it will be done. Elsewhere it writes nothing. Not a prompt
 * library's bar: those put the terminal into raw mode and take Ctrl-C for themselves.
 */
export class ProgressLine {
  readonly #startedAt = performance.now();
  #drawnAt = 0;

  constructor(
    private readonly total: number,
    /** Done before this run. */
    private readonly first = 0,
    private readonly out: WriteStream = process.stderr,
  ) {}

  update(done: number, detail: string): void {
    if (!this.out.isTTY || (performance.now() - this.#drawnAt < 100 && done < this.total)) return;
    this.#drawnAt = performance.now();
    const filled = Math.round((WIDTH * done) / this.total);
    const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
    const rate = (done - this.first) / ((performance.now() - this.#startedAt) / 1000);
    const line = `${bar} ${done}/${this.total}  ${detail}  ETA ${formatDuration((this.total - done) / rate)}`;
    this.out.write(`\r\x1b[K${line.slice(0, (this.out.columns ?? 80) - 1)}`);
  }

  /** Makes room for other output. */
  clear(): void {
    if (this.out.isTTY) this.out.write("\r\x1b[K");
  }
}
