import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { AnyTask } from "../../engine/sampler.js";
import { Button } from "../../ui/button.js";
import { SliderField } from "../../ui/fields.js";
import { DataTable, Panel } from "../../ui/panel.js";
import { Status } from "../../ui/status.js";
import type { LabState } from "../state.js";
import { type Ask, type View, views } from "../views/index.js";
import { spaced } from "../words.js";

/** Asks the newest copy of the run's model. */
const askOf =
  (lab: LabState): Ask =>
  (act) => {
    const copy = lab.run.peek()?.copy;
    if (!copy?.isThere) throw new Error("The model is not there yet. Train it for a moment first.");
    return copy.ask((task: AnyTask) => act(task));
  };

/** The measures of the model on what was held back. */
function Measures({ lab }: { readonly lab: LabState }) {
  const rows = useSignal<readonly (readonly [string, number])[]>([]);
  const error = useSignal("");
  const measure = async () => {
    error.value = "";
    try {
      const source = lab.source.peek();
      const measures = await askOf(lab)((task) => lab.task.evaluate(task, source?.data, lab.ran));
      rows.value = Object.entries(measures).map(([name, value]) => [spaced(name), Number(value.toPrecision(4))] as const);
    } catch (fault) {
      error.value = fault instanceof Error ? fault.message : String(fault);
    }
  };
  return (
    <div>
      <Button onClick={() => void measure()}>Evaluate</Button>
      {error.value && <Status kind="error" text={error.value} />}
      {rows.value.length > 0 && <DataTable caption="On data that were held back" columns={["measure", "value"]} rows={rows.value} />}
    </div>
  );
}

/** The model of a run: what it can do now, and a place to try it. */
export function ModelPanel({ lab }: { readonly lab: LabState }) {
  const [view, setView] = useState<View>();
  useEffect(() => void views[lab.task.id]?.().then((loaded) => setView(() => loaded)), [lab]);
  const run = lab.run.value;
  const sample = run?.sample.value;
  const isThere = sample !== undefined || run?.state.value === "done";
  useEffect(() => {
    if (run?.state.value === "done" && !sample) void run.sampleAgain();
  }, [run, run?.state.value, sample]);
  useSignalEffect(() => {
    if (lab.temperature.value !== lab.sampledWith) {
      lab.sampledWith = lab.temperature.value;
      void lab.run.peek()?.sampleAgain();
    }
  });
  return (
    <>
      <Panel title="What it can do now">
        {view?.hasTemperature && (
          <SliderField label="Temperature" value={lab.temperature} min={0} max={1.5} step={0.05} format={(value) => value.toFixed(2)} />
        )}
        {view && sample ? (
          <div aria-live="off">
            <p class="hint">
              After {sample.step.toLocaleString("en")} updates, by a copy of the model in a second worker; the training does not wait.
            </p>
            <view.Sample value={sample.value as never} lab={lab} />
          </div>
        ) : (
          <p class="hint">While it trains, a copy of the model shows here every few seconds what it can do.</p>
        )}
      </Panel>
      {view && isThere && (
        <Panel title="Try it">
          <div class="try">
            <view.Try ask={askOf(lab)} lab={lab} />
            <Measures lab={lab} />
          </div>
        </Panel>
      )}
    </>
  );
}
