/** The worker in the sandbox: gives the code `show`, `control` and `console`, and runs it as a module. Nothing of the page is in reach. */
import type { Control, FromSandbox, Shown, ShownMatrix, ToSandbox } from "./protocol.js";

/** Messages go to the page in lots, this many milliseconds apart while the code holds the thread. */
const LOT = 40;

const post = (message: FromSandbox) => self.postMessage(message);

let waiting: Shown[] = [];
let flushed = performance.now();

function flush(): void {
  flushed = performance.now();
  if (waiting.length > 0) post({ type: "shown", shown: waiting });
  waiting = [];
}

function put(shown: Shown): void {
  waiting.push(shown);
  if (performance.now() - flushed > LOT) flush();
}

const controls = new Map<string, Control>();
let paused = false;
let resume = () => {};

const steps = new Map<string, number>();

/** A turn of the event loop, in which messages of the page arrive. */
const turn = () =>
  new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });

const show = {
  /** Draws a point of each named line in a chart; `x` counts from 1 if it is left out. */
  line(chart: string, values: Record<string, number>, x?: number): void {
    const step = x ?? (steps.get(chart) ?? 0) + 1;
    steps.set(chart, step);
    put({ type: "line", chart, values, x: step });
  },
  matrix: (title: string, matrix: ShownMatrix) => put({ type: "matrix", title, matrix }),
  text: (title: string, text: unknown) => put({ type: "text", title, text: String(text) }),
  table: (title: string, rows: Record<string, string | number>[]) => put({ type: "table", title, rows }),
  answer: (answer: unknown) => put({ type: "answer", answer: String(answer) }),
  /** Lets the page draw and controls arrive; waits while the page pauses. */
  async frame(): Promise<void> {
    flush();
    await turn();
    if (paused)
      await new Promise<void>((resolve) => {
        resume = resolve;
      });
  },
};

function control(name: string): Control {
  const value = controls.get(name);
  if (value === undefined)
    throw new Error(`control("${name}"): this page has no such control. It has: ${[...controls.keys()].join(", ")}.`);
  return value;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value !== "object" || value === null || String(value) !== "[object Object]")
    return Array.isArray(value) ? `[${value.map(textOf).join(", ")}]` : String(value);
  return JSON.stringify(
    value,
    (_, item) => (ArrayBuffer.isView(item) && !(item instanceof DataView) ? Array.from(item as Float32Array) : item),
    1,
  );
}

for (const level of ["log", "warn", "error"] as const)
  console[level] = (...values: unknown[]) => put({ type: "log", level, text: values.map(textOf).join(" ") });
Object.assign(console, { info: console.log, debug: console.log });
Object.assign(globalThis, { show, control });

const moduleOf = (text: string) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));

/** Runs the code; `from "seqgrad"` means the library that the page sends. */
async function run(code: string, library: string): Promise<void> {
  const from = JSON.stringify(moduleOf(library));
  const module = moduleOf(code.replace(/(\bfrom\s*|\bimport\s*\(?\s*)(["'])seqgrad\2/g, (_, before) => before + from));
  const lineOf = (stack: string | undefined) => {
    const place = stack?.slice(stack.indexOf(module) + module.length);
    const line = stack?.includes(module) ? /^:(\d+)/.exec(place ?? "")?.[1] : undefined;
    return line === undefined ? undefined : Number(line);
  };
  const failed = (error: unknown) => {
    flush();
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    post({ type: "failed", message: name === "SeqgradError" ? message : `${name}: ${message}`, line: lineOf(stack) });
  };
  self.addEventListener("unhandledrejection", ({ reason }) => failed(reason));
  self.addEventListener("error", ({ error }) => failed(error));
  try {
    await import(/* @vite-ignore */ module);
    flush();
    post({ type: "done" });
  } catch (error) {
    failed(error);
  }
}

self.onmessage = ({ data }: MessageEvent<ToSandbox>) => {
  if (data.type === "run") {
    for (const [name, value] of Object.entries(data.controls)) controls.set(name, value);
    void run(data.code, data.library);
  } else if (data.type === "control") controls.set(data.name, data.value);
  else {
    paused = data.paused;
    if (!paused) resume();
  }
};
