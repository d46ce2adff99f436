import { computed, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { deviceChoice } from "../../engine/device.js";
import type { Run } from "../../engine/run.js";
import { Button } from "../../ui/button.js";
import { NumberField, SliderField } from "../../ui/fields.js";
import { LineChart } from "../../ui/line-chart.js";
import { Panel } from "../../ui/panel.js";
import { Progress, Status } from "../../ui/status.js";
import type { LabState } from "../state.js";
import { view } from "../view-signal.js";
import { spaced } from "../words.js";

const duration = (seconds: number): string =>
  seconds < 90 ? `${Math.ceil(seconds)} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;

const words: Readonly<Record<string, string>> = {
  starting: "The worker starts.",
  running: "It trains.",
  paused: "It rests. “Step once” makes one update.",
  stopped: "It has stopped, with a checkpoint.",
  done: "It is done.",
  lost: "The worker has ended. Resume continues from the last checkpoint, to the same bits.",
  failed: "It failed.",
};

/** The facts of a run, as it trains. */
function Facts({ lab, run }: { readonly lab: LabState; readonly run: Run }) {
  const { series, record } = run;
  run.grown.value;
  const loss = series.losses.at(-1);
  const last = series.measured.at(-1);
  const eta = run.eta.value;
  const facts: [string, string][] = [
    ["update", `${run.step.value.toLocaleString("en")} of ${record.steps.toLocaleString("en")}`],
    ["loss", loss === undefined ? "–" : loss.toFixed(4)],
    ...Object.entries(last?.measures ?? {}).map(([name, value]): [string, string] => [`validation: ${spaced(name)}`, value.toFixed(4)]),
    ["speed", run.tokensPerSecond.value > 0 ? `${Math.round(run.tokensPerSecond.value).toLocaleString("en")} ${lab.task.unit}/s` : "–"],
    ["rate", run.lr.value === 0 ? "–" : run.lr.value.toPrecision(3)],
    ["time left", eta === undefined || run.state.value !== "running" ? "–" : duration(eta)],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd data-fact={name}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The bits of a run, to compare with those of another machine. */
function Bits({ lab, run }: { readonly lab: LabState; readonly run: Run }) {
  run.grown.value;
  const { series, record } = run;
  const expected = lab.expected.value;
  const isComparable = expected && series.length >= expected.step;
  const isSame = isComparable && series.hash(expected.step) === expected.hash;
  if (series.length === 0) return null;
  return (
    <p class="bits">
      {record.isExact ? "Deterministic: " : "Not deterministic, the bits may differ elsewhere: "}
      the losses of {series.length.toLocaleString("en")} updates have the bits <code data-hash={series.hash()}>{series.hash()}</code>.{" "}
      {expected && !isComparable && `The link has ${expected.hash} after ${expected.step} updates.`}
      {isComparable && (
        <strong class={isSame ? "same" : "different"}>
          {isSame
            ? `The same bits as in the link, after ${expected.step} updates.`
            : `The link has other bits after ${expected.step} updates: ${expected.hash}.`}
        </strong>
      )}
    </p>
  );
}

/** The buttons of a run. */
function Buttons({ lab, run }: { readonly lab: LabState; readonly run: Run | undefined }) {
  const state = run?.state.value;
  const isAtWork = !lab.isFree.value;
  const canResume = state === "stopped" || state === "lost";
  const copied = useSignal(false);
  const copy = async () => {
    const address = `${location.href.split("#")[0]}#${lab.link}`;
    history.replaceState(null, "", address);
    await navigator.clipboard?.writeText(address).catch(() => {});
    copied.value = true;
    setTimeout(() => (copied.value = false), 2000);
  };
  return (
    <div class="actions run-actions">
      {!isAtWork && !canResume && (
        <Button kind="primary" onClick={() => void lab.start()} disabled={lab.fault.value !== undefined}>
          Train
        </Button>
      )}
      {canResume && (
        <Button kind="primary" onClick={() => void run?.train(true)}>
          Resume
        </Button>
      )}
      {isAtWork && state !== "paused" && (
        <Button kind="primary" onClick={() => run?.pause()} disabled={state === "starting"}>
          Pause
        </Button>
      )}
      {state === "paused" && (
        <Button kind="primary" onClick={() => run?.resume()}>
          Resume
        </Button>
      )}
      <Button onClick={() => run?.stepOnce()} disabled={state !== "paused"}>
        Step once
      </Button>
      <Button onClick={() => run?.stop()} disabled={!isAtWork}>
        Stop
      </Button>
      <Button onClick={() => lab.reset()} disabled={!run}>
        Reset
      </Button>
      <Button onClick={() => void copy()} disabled={!lab.source.value}>
        {copied.value ? "Copied" : "Copy link"}
      </Button>
    </div>
  );
}

/** Settings that may change while it trains. */
function Live({ lab }: { readonly lab: LabState }) {
  const run = lab.isFree.value ? undefined : lab.run.value;
  const slow = view(
    () => lab.slow.value,
    (value) => {
      lab.slow.value = value;
      run?.setSlow(value);
    },
  );
  const rate = view(
    () => run?.rate.value ?? 0,
    (value) => run?.setLearningRate(value),
  );
  return (
    <div class="settings">
      <SliderField
        label="Slow motion"
        value={slow}
        min={0}
        max={20}
        step={1}
        format={(value) => (value === 0 ? "off, full speed" : `${value} updates a second`)}
      />
      {run && (
        <NumberField
          label="Learning rate now"
          value={rate}
          min={0}
          max={1}
          step={0.0001}
          hint="holds from the next update on; a schedule multiplies it"
        />
      )}
    </div>
  );
}

/** A run: its buttons, its speed, its curve. */
export function RunPanel({ lab }: { readonly lab: LabState }) {
  const run = lab.run.value;
  const series = useMemo(
    () =>
      computed(() => {
        const now = lab.run.value;
        if (!now) return [];
        now.grown.value;
        const { xs, ys } = now.series.curve();
        const held = now.series.measured.filter(({ measures }) => measures.loss !== undefined);
        const validation = { name: "validation", xs: held.map(({ step }) => step), ys: held.map(({ measures }) => measures.loss ?? 0) };
        return [{ name: "loss", xs, ys }, ...(held.length > 0 ? [validation] : [])];
      }),
    [lab],
  );
  const state = run?.state.value;
  const deterministic = deviceChoice.value.deterministic;
  const idle = deterministic ? "Press Train. The losses will have the same bits on every machine." : "Press Train.";
  return (
    <Panel title="Run">
      <Buttons lab={lab} run={run} />
      {lab.message.value && <Status text={lab.message.value.text} kind={lab.message.value.isError ? "error" : "info"} />}
      <Status text={state ? (words[state] ?? "") : idle} kind={state === "starting" ? "busy" : "info"} />
      {run?.error.value && <Status kind="error" text={run.error.value} />}
      {run && <Progress value={run.step.value} max={run.record.steps} label="Updates that are made" />}
      {run && <Facts lab={lab} run={run} />}
      <LineChart title="Loss by update" x="update" y={lab.task.loss} series={series} />
      <Live lab={lab} />
      {run && <Bits lab={lab} run={run} />}
    </Panel>
  );
}
