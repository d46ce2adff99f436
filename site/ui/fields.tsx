import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";

export interface FieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly children: ComponentChildren;
}

/** A label around one control, with a hint or an error below. */
export function Field({ label, hint, error, children }: FieldProps) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is among the children
    <label class={error ? "field wrong" : "field"}>
      <span class="label">{label}</span>
      {children}
      {(error ?? hint) && (
        <span class="hint" role={error ? "alert" : undefined}>
          {error ?? hint}
        </span>
      )}
    </label>
  );
}

export interface NumberFieldProps {
  readonly label: string;
  readonly value: Signal<number>;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly integer?: boolean;
  readonly hint?: string;
  readonly disabled?: boolean;
}

/** A number within limits. What is outside is refused with the limits, and the value stays as it was. */
export function NumberField({ label, value, min, max, step, integer = false, hint, disabled = false }: NumberFieldProps) {
  const [error, setError] = useState<string>();
  const change = (text: string) => {
    const number = Number(text);
    const isNumber = text.trim() !== "" && number >= min && number <= max && (!integer || Number.isInteger(number));
    setError(isNumber ? undefined : `Expected ${integer ? "a whole number" : "a number"} from ${min} to ${max}.`);
    if (isNumber) value.value = number;
  };
  const limits = hint ?? `${min} to ${max}`;
  return (
    <Field label={label} hint={limits} error={error}>
      <input
        type="number"
        value={value.value}
        min={min}
        max={max}
        step={step ?? (integer ? 1 : "any")}
        disabled={disabled}
        aria-invalid={error !== undefined}
        onInput={(event) => change(event.currentTarget.value)}
      />
    </Field>
  );
}

export interface SelectFieldProps {
  readonly label: string;
  readonly value: Signal<string>;
  /** Pairs of a value and its text. */
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly hint?: string;
  readonly disabled?: boolean;
}

/** A choice among a few. */
export function SelectField({ label, value, options, hint, disabled = false }: SelectFieldProps) {
  return (
    <Field label={label} hint={hint}>
      <select value={value.value} disabled={disabled} onChange={(event) => (value.value = event.currentTarget.value)}>
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  );
}

export interface SliderFieldProps {
  readonly label: string;
  readonly value: Signal<number>;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly format?: (value: number) => string;
  readonly disabled?: boolean;
}

/** A number on a scale; its value stands beside the label. */
export function SliderField({ label, value, min, max, step, format = String, disabled = false }: SliderFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <span class="label">
        <label for={id}>{label}</label> <output for={id}>{format(value.value)}</output>
      </span>
      <input
        id={id}
        type="range"
        value={value.value}
        min={min}
        max={max}
        step={step}
        disabled={disabled}
        aria-valuetext={format(value.value)}
        onInput={(event) => (value.value = event.currentTarget.valueAsNumber)}
      />
    </div>
  );
}

export interface ToggleProps {
  readonly label: string;
  readonly value: Signal<boolean>;
  readonly disabled?: boolean;
}

/** A switch that is on or off. */
export function Toggle({ label, value, disabled = false }: ToggleProps) {
  return (
    <label class="toggle">
      <input type="checkbox" checked={value.value} disabled={disabled} onChange={(event) => (value.value = event.currentTarget.checked)} />
      {label}
    </label>
  );
}

export interface FileDropProps {
  /** Endings of names, such as ".txt,.csv". */
  readonly accept: string;
  readonly onFile: (file: File) => void;
}

/** Takes a file by a click, by the keyboard, or dropped. */
export function FileDrop({ accept, onFile }: FileDropProps) {
  const [over, setOver] = useState(false);
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0];
    if (file) onFile(file);
  };
  return (
    <label
      class={over ? "file-drop over" : "file-drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      <span>Drop a file here, or choose one</span>
      <span class="hint">{accept.replaceAll(",", " ")}</span>
      <input
        type="file"
        accept={accept}
        onChange={(event) => {
          take(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
    </label>
  );
}
