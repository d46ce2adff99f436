import { useComputed } from "@preact/signals";
import { loadRuns, type RunRecord } from "../engine/runs.js";
import { href } from "../ui/links.js";
import { mount } from "../ui/mount.js";
import { DataPanel } from "./panels/data-panel.js";
import { Interrupted } from "./panels/interrupted.js";
import { ModelPanel } from "./panels/model-panel.js";
import { RunPanel } from "./panels/run-panel.js";
import { RunsPanel } from "./panels/runs-panel.js";
import { DevicePanel, SettingsPanel } from "./panels/settings-panel.js";
import { LabState } from "./state.js";
import { tasks } from "./tasks/index.js";
import "./lab.css";

function Lab({ lab }: { readonly lab: LabState }) {
  const shown = useComputed(() => lab.run.value?.record.id);
  const open = (record: RunRecord) => void lab.open(record).catch((error: Error) => lab.say(error.message, true));
  return (
    <>
      <Interrupted lab={lab} />
      <div class="lab-page">
        <div class="lab-main">
          <RunPanel lab={lab} />
          <ModelPanel lab={lab} />
        </div>
        <div class="lab-side">
          <DataPanel lab={lab} />
          <SettingsPanel lab={lab} />
          <DevicePanel lab={lab} />
        </div>
      </div>
      <RunsPanel task={lab.task.id} shown={shown} open={open} />
    </>
  );
}

/** The page of a task. */
async function openTask(id: string): Promise<void> {
  const task = await tasks[id]?.();
  if (!task) throw new Error(`The Lab has no task ${id}.`);
  const lab = new LabState(task as unknown as LabState["task"]);
  const hash = location.hash.slice(1);
  const [, wish] = /^open=(\w+)$/.exec(hash) ?? [];
  await lab.useLink(wish ? "" : hash);
  mount("lab", <Lab lab={lab} />);
  window.addEventListener("hashchange", () => lab.isFree.peek() && void lab.useLink(location.hash.slice(1)));
  const record = (await loadRuns()).find((one) => one.id === wish);
  if (record) await lab.open(record);
}

const place = document.getElementById("lab");
if (place?.dataset.task) void openTask(place.dataset.task);
else if (place)
  mount(
    "lab",
    <RunsPanel
      task={undefined}
      shown={{ value: undefined }}
      open={({ task, id }) => location.assign(`${href(`lab/${task}/`)}#open=${id}`)}
    />,
  );
