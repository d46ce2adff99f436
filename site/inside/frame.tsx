import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Button } from "../ui/button.js";
import { Status } from "../ui/status.js";
import type { Running } from "./view.js";
import "./inside.css";

export interface FrameProps {
  readonly running: Running<never> | Running<{ readonly status: string }>;
  readonly controls: () => Readonly<Record<string, number | string>>;
  /** Fields above the picture. */
  readonly fields?: ComponentChildren;
  readonly children: ComponentChildren;
}

const sentences = { running: "Training …", paused: "Paused.", done: "The training has ended.", stopped: "Stopped.", failed: "" };

/** The frame of a view: starts its network when the page opens, and holds its buttons. */
export function Frame({ running, controls, fields, children }: FrameProps) {
  const state = running.state.value;
  useEffect(() => {
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) running.start(controls());
    return () => running.stop();
  }, [running]);
  const active = state === "running" || state === "paused";
  const status = running.data.value?.status;
  return (
    <div class="panel view" data-state={state}>
      {fields}
      <div class="actions">
        <Button kind="primary" onClick={() => running.start(controls())}>
          {active || state === "done" ? "Start again" : "Start"}
        </Button>
        <Button disabled={!active} onClick={() => running.pause(state !== "paused")}>
          {state === "paused" ? "Continue" : "Pause"}
        </Button>
        <Button disabled={!active} onClick={() => running.stop()}>
          Stop
        </Button>
      </div>
      <Status text={running.message.value || `${sentences[state]} ${status ?? ""}`} kind={state === "failed" ? "error" : "info"} />
      {children}
    </div>
  );
}

export interface LettersProps {
  readonly label: string;
  readonly texts: readonly string[];
  readonly chosen: number | undefined;
  /** From 0 to 1, how strongly each letter is marked. */
  readonly weights?: readonly number[] | undefined;
  readonly onChoose: (index: number) => void;
}

/** Letters that are not seen, by a sign and by a name. */
const signs: Readonly<Record<string, string>> = { " ": "␣", "\n": "↵" };
const names: Readonly<Record<string, string>> = { " ": "space", "\n": "new line" };

/** Letters or words of which one is chosen: by the pointer, or by arrow keys. */
export function Letters({ label, texts, chosen, weights, onChoose }: LettersProps) {
  const step = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(texts.length - 1, (chosen ?? 0) + by));
    onChoose(next);
    const buttons = (event.currentTarget as HTMLElement).querySelectorAll("button");
    buttons[next]?.focus();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset has a look of its own
    <div class="letters" role="group" aria-label={label} onKeyDown={step}>
      {texts.map((text, i) => (
        <button
          key={i}
          type="button"
          tabIndex={i === (chosen ?? 0) ? 0 : -1}
          aria-label={names[text]}
          aria-pressed={i === chosen}
          style={weights ? { "--weight": String(Math.round(100 * (weights[i] ?? 0))) } : undefined}
          onPointerEnter={(event) => event.pointerType === "mouse" && onChoose(i)}
          onFocus={() => onChoose(i)}
          onClick={() => onChoose(i)}
        >
          {signs[text] ?? text}
        </button>
      ))}
    </div>
  );
}
