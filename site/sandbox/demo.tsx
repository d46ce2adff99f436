import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Button } from "../ui/button.js";
import { SelectField, SliderField } from "../ui/fields.js";
import { Status } from "../ui/status.js";
import { Editor } from "./editor.js";
import type { Control } from "./protocol.js";
import { Run } from "./runner.js";
import { ViewOf } from "./view.js";
import { Views } from "./views.js";

/** A control of a demo. Where `restart` is true, a change runs the code again. */
export interface ControlOptions {
  readonly name: string;
  readonly label: string;
  readonly kind: "slider" | "choice";
  readonly value: number | string;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly choices?: readonly string[];
  readonly restart?: boolean;
}

export interface DemoProps {
  readonly code: string;
  readonly controls: readonly ControlOptions[];
  /** True to run the code as soon as it is seen. */
  readonly autoStart?: boolean;
  /** Gets the model's answer to the question of the page. */
  readonly answer?: Signal<string | undefined>;
}

type State = "ready" | "running" | "paused" | "done" | "stopped" | "failed";

const sentences: Record<State, string> = {
  ready: "Ready.",
  running: "Running …",
  paused: "Paused.",
  done: "The code has ended.",
  stopped: "Stopped.",
  failed: "",
};

/** Code that runs in a sandbox, what it shows, its controls, and an editor. */
export function Demo({ code, controls, autoStart = false, answer }: DemoProps) {
  const text = useRef(code);
  const run = useRef<Run | undefined>(undefined);
  const state = useSignal<State>("ready");
  const message = useSignal("");
  const views = useSignal(new Views());
  const round = useSignal(0);
  const values = useMemo(() => new Map(controls.map(({ name, value }) => [name, value])), [controls]);
  const box = useRef<HTMLDivElement>(null);

  const stop = (next: State = "stopped") => {
    run.current?.stop();
    run.current = undefined;
    state.value = next;
  };
  const start = () => {
    stop("running");
    message.value = "";
    const shown = new Views();
    views.value = shown;
    run.current = new Run(text.current, Object.fromEntries(values), (event) => {
      if (event.type === "shown") {
        shown.show(event.shown);
        if (answer && shown.answer.value !== undefined) answer.value = shown.answer.value;
      } else {
        if (event.type === "failed") message.value = `${event.line === undefined ? "" : `Line ${event.line}: `}${event.message}`;
        stop(event.type === "done" ? "done" : "failed");
      }
    });
  };
  const pause = () => {
    const paused = state.value !== "paused";
    run.current?.pause(paused);
    state.value = paused ? "paused" : "running";
  };
  const setControl = ({ name, restart }: ControlOptions, value: Control) => {
    values.set(name, value as string | number);
    if (restart && state.value !== "ready") start();
    else run.current?.setControl(name, value);
  };
  useEffect(() => {
    if (!autoStart || !box.current) return () => stop();
    const observer = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return;
      observer.disconnect();
      start();
    });
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      stop();
    };
  }, []);

  const active = state.value === "running" || state.value === "paused";
  const reset = () => {
    text.current = code;
    round.value++;
    start();
  };
  return (
    <div class="demo" ref={box} data-state={state.value}>
      <div class="demo-views">
        {controls.map((each) => (
          <ControlField key={each.name} options={each} onChange={(value) => setControl(each, value)} />
        ))}
        <div class="actions">
          <Button kind="primary" onClick={start}>
            {state.value === "ready" ? "Run" : "Run again"}
          </Button>
          <Button disabled={!active} onClick={pause}>
            {state.value === "paused" ? "Continue" : "Pause"}
          </Button>
          <Button disabled={!active} onClick={() => stop()}>
            Stop
          </Button>
          <Button onClick={reset}>Reset the code</Button>
        </div>
        <Status text={message.value || sentences[state.value]} kind={state.value === "failed" ? "error" : "info"} />
        {views.value.list.value.map((view) => (
          <ViewOf key={`${view.type} ${view.title}`} view={view} />
        ))}
        {views.value.log.value.length > 0 && (
          <pre class="sample short" role="log">
            {views.value.log.value.map(({ text: line }) => line).join("\n")}
          </pre>
        )}
      </div>
      <details class="demo-code" open>
        <summary>The code: change it, then press Ctrl and Enter</summary>
        <Editor
          key={round.value}
          code={code}
          label="Code of this page"
          onChange={(changed) => {
            text.current = changed;
          }}
          onRun={start}
        />
      </details>
    </div>
  );
}

function ControlField({ options, onChange }: { readonly options: ControlOptions; readonly onChange: (value: number | string) => void }) {
  const value = useSignal(options.value);
  useEffect(() => {
    let first = true;
    return value.subscribe((next) => {
      if (!first) onChange(next);
      first = false;
    });
  }, []);
  if (options.kind === "choice")
    return (
      <SelectField
        label={options.label}
        value={value as Signal<string>}
        options={(options.choices ?? []).map((each) => [each, each] as const)}
      />
    );
  const { label, min = 0, max = 1, step = 0.1 } = options;
  return <SliderField label={label} value={value as Signal<number>} min={min} max={max} step={step} />;
}
