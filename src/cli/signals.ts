import { constants } from "node:os";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Turns the first Ctrl-C, or another wish to end, into an abort; the second ends the process at once. */
export class Interruption {
  readonly #controller = new AbortController();
  /** The exit status for the signal. */
  exitCode = 0;

  /** Takes the signals. */
  listen(): void {
    for (const name of signals) process.on(name, this.#onSignal);
  }

  get aborted(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Gives the signals back. */
  release(): void {
    for (const name of signals) process.off(name, this.#onSignal);
  }

  readonly #onSignal = (name: (typeof signals)[number]): void => {
    if (this.aborted) process.exit(this.exitCode);
    this.exitCode = 128 + constants.signals[name];
    this.#controller.abort();
    // A terminal shows ^C where the cursor is: a line of its own.
    process.stderr.write(`${process.stderr.isTTY ? "\n" : ""}seqgrad: stopping after this step; once more to stop at once.\n`);
  };
}
