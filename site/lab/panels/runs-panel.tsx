import { computed, type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { deleteRun, exportRun, importRun, loadRuns, type RunRecord, runs, saveRecord, seriesOf } from "../../engine/runs.js";
import { Button } from "../../ui/button.js";
import { FileDrop } from "../../ui/fields.js";
import { LineChart, type Series } from "../../ui/line-chart.js";
import { Panel } from "../../ui/panel.js";
import { Status } from "../../ui/status.js";
import { cards } from "../cards.js";

/** The runs whose curves are compared, and the curves that were read. */
const compared = signal<ReadonlySet<string>>(new Set());
const curves = signal<ReadonlyMap<string, { readonly xs: number[]; readonly ys: number[] }>>(new Map());
const fault = signal("");

async function compare(record: RunRecord, isOn: boolean): Promise<void> {
  const next = new Set(compared.peek());
  if (isOn) next.add(record.id);
  else next.delete(record.id);
  if (isOn) curves.value = new Map(curves.peek()).set(record.id, (await seriesOf(record.id)).curve());
  compared.value = next;
}

function download(bytes: Uint8Array, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/zip" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const caught = (act: () => Promise<unknown>) => () => {
  fault.value = "";
  act().catch((error: Error) => (fault.value = error.message));
};

interface RowProps {
  readonly record: RunRecord;
  readonly hasTask: boolean;
  readonly shown: string | undefined;
  open(record: RunRecord): void;
}

function Row({ record, hasTask, shown, open }: RowProps) {
  const isShown = shown === record.id;
  const rename = (name: string) => name.trim() !== "" && saveRecord({ ...record, name: name.trim() });
  return (
    <tr class={isShown ? "shown" : undefined}>
      <td>
        <input
          type="checkbox"
          aria-label={`Compare ${record.name}`}
          checked={compared.value.has(record.id)}
          onChange={(event) => void compare(record, event.currentTarget.checked)}
        />
      </td>
      <td>
        <input type="text" aria-label="Name of the run" value={record.name} onChange={(event) => void rename(event.currentTarget.value)} />
      </td>
      {hasTask && <td>{cards.find(({ id }) => id === record.task)?.title ?? record.task}</td>}
      <td>{record.status === "running" ? (isShown ? "at work" : "interrupted") : record.status}</td>
      <td class="number">
        {record.step} of {record.steps}
      </td>
      <td class="number">{Number.isFinite(record.loss) ? record.loss.toFixed(4) : "–"}</td>
      <td>
        <div class="actions">
          <Button onClick={() => open(record)} disabled={isShown}>
            {record.status === "done" ? "Show" : "Open"}
          </Button>
          <Button onClick={caught(async () => download(await exportRun(record), `${record.task}-${record.id}.zip`))}>Export</Button>
          <Button onClick={caught(() => deleteRun(record.id))} disabled={isShown && record.status === "running"}>
            Delete
          </Button>
        </div>
      </td>
    </tr>
  );
}

export interface RunsPanelProps {
  /** The task whose runs are listed; all without one. */
  readonly task: string | undefined;
  readonly shown: Signal<string | undefined> | { readonly value: string | undefined };
  open(record: RunRecord): void;
}

/** The runs that the browser keeps. */
export function RunsPanel({ task, shown, open }: RunsPanelProps) {
  useEffect(() => void loadRuns().catch((error: Error) => (fault.value = error.message)), []);
  const list = runs.value.filter((record) => task === undefined || record.task === task);
  const chart = useMemo(
    () =>
      computed((): Series[] =>
        runs.value
          .filter(({ id }) => compared.value.has(id))
          .map(({ id, name }) => ({ name, ...(curves.value.get(id) ?? { xs: [], ys: [] }) })),
      ),
    [],
  );
  const take = (file: File) => caught(async () => importRun(new Uint8Array(await file.arrayBuffer())))();
  return (
    <Panel title="Runs">
      {list.length === 0 ? (
        <p class="hint">This browser keeps each run here: its weights, its losses and its settings.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reached by the keyboard
        <section class="table" tabIndex={0} aria-label="Runs">
          <table class="runs">
            <thead>
              <tr>
                <th scope="col">compare</th>
                <th scope="col">name</th>
                {task === undefined && <th scope="col">task</th>}
                <th scope="col">state</th>
                <th scope="col">updates</th>
                <th scope="col">loss</th>
                <th scope="col">do</th>
              </tr>
            </thead>
            <tbody>
              {list.map((record) => (
                <Row key={record.id} record={record} hasTask={task === undefined} shown={shown.value} open={open} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {fault.value && <Status kind="error" text={fault.value} />}
      {compared.value.size > 0 && <LineChart title="Losses of the runs that are marked" x="update" y="loss" series={chart} />}
      <details>
        <summary>Import a run</summary>
        <FileDrop accept=".zip" onFile={take} />
      </details>
    </Panel>
  );
}
