import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type RunRecord, runs, runsAtWork, STATE, storeOf } from "../../engine/runs.js";
import { Button } from "../../ui/button.js";
import type { LabState } from "../state.js";

/** A run that a closed or crashed tab left behind can be resumed. */
export function Interrupted({ lab }: { readonly lab: LabState }) {
  const hidden = useSignal<string | undefined>(undefined);
  const elsewhere = useSignal<ReadonlySet<string> | undefined>(undefined);
  useEffect(() => void runsAtWork().then((ids) => (elsewhere.value = ids)), []);
  const record = runs.value.find(
    ({ id, task, status }) => task === lab.task.id && status === "running" && elsewhere.value?.has(id) === false,
  );
  if (!record || lab.run.value || hidden.value === record.id) return null;
  const resume = async (chosen: RunRecord) => {
    const run = await lab.open(chosen);
    if (!run) return;
    const isKept = (await storeOf(chosen.id).list()).includes(STATE);
    void run.train(isKept);
  };
  return (
    <aside class="panel interrupted" aria-label="A run was interrupted">
      <p>
        The run “{record.name}” was interrupted after {record.step.toLocaleString("en")} of {record.steps.toLocaleString("en")} updates or
        more. It can continue from its last checkpoint, to the same bits.
      </p>
      <div class="actions">
        <Button kind="primary" onClick={() => void resume(record).catch((error: Error) => lab.say(error.message, true))}>
          Resume the run
        </Button>
        <Button onClick={() => (hidden.value = record.id)}>Not now</Button>
      </div>
    </aside>
  );
}
