/** Milliseconds over which a speed is measured. */
const WINDOW = 4000;

/** The updates a second of the last seconds, rests left out. */
export class Speed {
  #times: number[] = [];

  /** Counts an update at a time in milliseconds. */
  add(now: number): void {
    this.#times.push(now);
    const first = this.#times.findIndex((time) => time >= now - WINDOW);
    if (first > 200) this.#times = this.#times.slice(first);
  }

  /** A rest begins. */
  rest(): void {
    this.#times = [];
  }

  get perSecond(): number {
    const last = this.#times.at(-1);
    if (last === undefined) return 0;
    const recent = this.#times.filter((time) => time >= last - WINDOW);
    const spent = last - (recent[0] ?? last);
    return spent > 0 ? ((recent.length - 1) / spent) * 1000 : 0;
  }
}
