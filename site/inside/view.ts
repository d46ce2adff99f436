import { type Signal, signal } from "@preact/signals";
import type { FromProgram, ToProgram } from "./program.js";

export type State = "running" | "paused" | "done" | "stopped" | "failed";

/** A view's program in its worker, as the page sees it. */
export class Running<Data> {
  readonly data: Signal<Data | undefined> = signal<Data>();
  readonly state: Signal<State> = signal<State>("stopped");
  readonly message = signal("");
  private worker: Worker | undefined;
  private asked = 0;
  private readonly open = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();

  constructor(private readonly program: string) {}

  /** Starts the program, again if it runs. */
  start(controls: Readonly<Record<string, number | string>>): void {
    this.stop();
    const worker = new Worker(new URL("./inside.worker.ts", import.meta.url), { type: "module" });
    this.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromProgram>) => this.take(data);
    worker.onerror = ({ message }) => this.fail(message || "The worker of this view did not start. Reload the page.");
    this.message.value = "";
    this.state.value = "running";
    this.send({ type: "start", program: this.program, controls });
  }

  pause(paused: boolean): void {
    this.send({ type: "pause", paused });
    this.state.value = paused ? "paused" : "running";
  }

  stop(): void {
    this.worker?.terminate();
    this.worker = undefined;
    for (const { reject } of this.open.values()) reject(new Error("The network was stopped."));
    this.open.clear();
    if (this.state.value === "running" || this.state.value === "paused") this.state.value = "stopped";
  }

  set(name: string, value: number | string): void {
    this.send({ type: "control", name, value });
  }

  /** Asks the program; its answer, once it comes to its next turn. */
  ask<Answer>(question: string, input: unknown): Promise<Answer> {
    if (!this.worker) return Promise.reject(new Error("The network was stopped. Start it again."));
    const id = ++this.asked;
    this.send({ type: "ask", id, question, input });
    return new Promise<Answer>((resolve, reject) => this.open.set(id, { resolve, reject }));
  }

  private send(message: ToProgram): void {
    this.worker?.postMessage(message);
  }

  private fail(message: string): void {
    this.stop();
    this.message.value = message;
    this.state.value = "failed";
  }

  private take(message: FromProgram): void {
    if (message.type === "data") this.data.value = message.data as Data;
    else if (message.type === "done") this.state.value = "done";
    else if (message.type === "failed") this.fail(message.message);
    else {
      const call = this.open.get(message.id);
      this.open.delete(message.id);
      if (message.type === "answer") call?.resolve(message.answer as never);
      else call?.reject(new Error(message.message));
    }
  }
}
