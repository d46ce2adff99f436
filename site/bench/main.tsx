import { computed, signal } from "@preact/signals";
import { Button } from "../ui/button.js";
import { mount } from "../ui/mount.js";
import { DataTable, Panel } from "../ui/panel.js";
import { Status } from "../ui/status.js";
import type { FromBench } from "./bench.worker.js";
import type { Figure, MeasureOptions } from "./measure.js";

interface Column {
  readonly title: string;
  readonly options: MeasureOptions;
  readonly info: string;
  readonly figures: readonly Figure[];
}

const cores = navigator.hardwareConcurrency || 1;
const threads = [...new Set([1, 2, cores])].filter((count) => count <= cores && (count === 1 || crossOriginIsolated));
const choices: readonly { title: string; options: MeasureOptions }[] = [
  ...threads.map((count) => ({
    title: `WebAssembly, ${count} thread${count === 1 ? "" : "s"}`,
    options: { device: "wasm" as const, threads: count },
  })),
  ...("gpu" in navigator ? [{ title: "WebGPU", options: { device: "webgpu" as const, threads: 1 } }] : []),
];

const columns = signal<readonly Column[]>([]);
const status = signal("A run takes about half a minute. Close other tabs, and let it finish undisturbed.");
const failed = signal(false);
const running = signal(false);

/** Measures one device. A figure is shown as soon as it is there. */
function measureOne(title: string, options: MeasureOptions): Promise<void> {
  const worker = new Worker(new URL("./bench.worker.ts", import.meta.url), { type: "module" });
  const place = columns.value.length;
  const put = (change: Partial<Column>) => {
    const next = [...columns.value];
    next[place] = { title, options, info: "", figures: [], ...next[place], ...change };
    columns.value = next;
  };
  put({});
  return new Promise<void>((resolve, reject) => {
    worker.onerror = ({ message }) => reject(new Error(message || `${title}: the worker did not start. Reload the page.`));
    worker.onmessage = ({ data }: MessageEvent<FromBench>) => {
      if (data.type === "figure") put({ figures: [...(columns.value[place]?.figures ?? []), data.figure] });
      else if (data.type === "failed") reject(new Error(`${title}: ${data.message}`));
      else {
        put({ info: data.info });
        resolve();
      }
    };
    worker.postMessage(options);
  }).finally(() => worker.terminate());
}

async function run(): Promise<void> {
  running.value = true;
  failed.value = false;
  columns.value = [];
  try {
    for (const { title, options } of choices) {
      status.value = `Measuring ${title} …`;
      await measureOne(title, options).catch((error: Error) => {
        if (options.device === "wasm") throw error;
        columns.value = columns.value.slice(0, -1);
        status.value = error.message;
      });
    }
    status.value = "Done.";
  } catch (error) {
    failed.value = true;
    status.value = (error as Error).message;
  }
  running.value = false;
}

const json = computed(() =>
  JSON.stringify({ date: new Date().toISOString().slice(0, 10), browser: navigator.userAgent, cores, runs: columns.value }, undefined, 1),
);

const digits = (value: number) => Number(value.toPrecision(3));

function Bench() {
  const names = columns.value[0]?.figures ?? [];
  const [fastest] = [...names].filter(({ unit }) => unit === "GFLOP/s").sort((a, b) => b.value - a.value);
  const memory = names.find(({ unit }) => unit === "GB/s");
  return (
    <Panel
      title="In this browser"
      actions={
        <>
          <Button kind="primary" disabled={running.value} onClick={() => void run()}>
            Measure
          </Button>
          <Button disabled={columns.value.length === 0} onClick={() => void navigator.clipboard.writeText(json.value)}>
            Copy as JSON
          </Button>
        </>
      }
    >
      <Status text={status.value} kind={failed.value ? "error" : "info"} />
      {!crossOriginIsolated && <p>This page is not cross-origin isolated yet, so that it has one thread. Reload it once.</p>}
      {names.length > 0 && (
        <DataTable
          caption="GFLOP/s and GB/s: more is better. Milliseconds: less is better."
          columns={["work", "unit", ...columns.value.map(({ title }) => title)]}
          rows={names.map(({ name, unit }, i) => [
            name,
            unit,
            ...columns.value.map(({ figures }) => digits(figures[i]?.value ?? Number.NaN) || "…"),
          ])}
        />
      )}
      {fastest && memory && (
        <p>
          The roofline on one thread: {digits(fastest.value)} GFLOP/s at most, {digits(memory.value)} GB/s from memory. Work below{" "}
          {digits(fastest.value / memory.value)} operations a byte is bound by memory, work above it by arithmetic.
        </p>
      )}
      {columns.value.map(({ title, info }) => info && <p key={title}>{`${title}: ${info}`}</p>)}
      {columns.value.length > 0 && !running.value && (
        <details>
          <summary>The figures as JSON</summary>
          <pre id="json">{json.value}</pre>
        </details>
      )}
    </Panel>
  );
}

mount("bench", <Bench />);
