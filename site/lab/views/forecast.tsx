import { computed, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type * as sg from "seqgrad";
import { Button } from "../../ui/button.js";
import { LineChart, type Series } from "../../ui/line-chart.js";
import { Status } from "../../ui/status.js";
import type { LabState } from "../state.js";
import { numberOf } from "../task.js";
import { forecastAt, type Shown } from "../tasks/forecast.js";
import type { Ask, View } from "./index.js";

/** The lines of one of the series: what is known, what came, what was predicted. */
function linesOf(shown: Shown, c: number): Series[] {
  const known = shown.known[c] ?? [];
  const after = (list: readonly number[]) => ({ xs: [0, ...list.map((_, i) => i + 1)], ys: [known.at(-1) ?? 0, ...list] });
  const of = (part: "value" | "low" | "high") => after(shown.forecast.map((step) => step[part][c] ?? 0));
  return [
    { name: "known", xs: known.map((_, i) => i + 1 - known.length), ys: known },
    { name: "forecast", ...of("value") },
    { name: "low", ...of("low") },
    { name: "high", ...of("high") },
    { name: "what came", ...after((shown.truth[c] ?? []).slice(0, shown.forecast.length)) },
  ];
}

function Chart({ value, c }: { readonly value: Shown; readonly c: number }) {
  const shown = useSignal(value);
  shown.value = value;
  const lines = useMemo(() => computed(() => linesOf(shown.value, c)), [c]);
  const name = value.names[c] ?? "series";
  return <LineChart title={`${name}: the next ${value.forecast.length} steps`} x="steps from now" y={name} series={lines} />;
}

const Sample = ({ value }: { readonly value: Shown }) => (
  <>
    {value.names.slice(0, 3).map((name, c) => (
      <Chart key={name} value={value} c={c} />
    ))}
  </>
);

function Try({ ask, lab }: { readonly ask: Ask; readonly lab: LabState }) {
  const shown = useSignal<Shown | undefined>(undefined);
  const error = useSignal("");
  const series = lab.source.value?.data as sg.data.Series;
  const at = async (step: number) => {
    error.value = "";
    try {
      shown.value = await ask((task) => forecastAt(task, series, step, numberOf(lab.ran, "horizon")));
    } catch (fault) {
      error.value = fault instanceof Error ? fault.message : String(fault);
    }
  };
  const somewhere = () => Math.floor(series.steps * (0.82 + 0.15 * Math.random()));
  return (
    <div>
      <div class="actions">
        <Button kind="primary" onClick={() => void at(series.steps)}>
          Forecast what comes after the last step
        </Button>
        <Button onClick={() => void at(somewhere())}>Forecast from another step</Button>
      </div>
      {error.value && <Status kind="error" text={error.value} />}
      {shown.value && <Sample value={shown.value} />}
    </div>
  );
}

export const view: View = { Sample, Try };
