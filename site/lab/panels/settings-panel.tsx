import { type Signal, useComputed } from "@preact/signals";
import { chooseDevice, type DeviceChoice, deviceChoice, threadChoices } from "../../engine/device.js";
import { NumberField, SelectField, Toggle } from "../../ui/fields.js";
import { Panel } from "../../ui/panel.js";
import { Status } from "../../ui/status.js";
import type { LabState } from "../state.js";
import type { Field } from "../task.js";
import { view } from "../view-signal.js";

function Setting({ lab, field }: { readonly lab: LabState; readonly field: Field }) {
  const value = lab.values[field.name];
  const disabled = !lab.isFree.value;
  if (!value) return null;
  const hint = field.hint !== undefined && { hint: field.hint };
  if (field.kind === "choice")
    return <SelectField label={field.label} value={value as Signal<string>} options={field.options} disabled={disabled} {...hint} />;
  return (
    <NumberField
      label={field.label}
      value={value as Signal<number>}
      min={field.min}
      max={field.max}
      integer={field.kind === "integer"}
      disabled={disabled}
      {...(field.step !== undefined && { step: field.step })}
      {...hint}
    />
  );
}

/** The settings of the next run. */
export function SettingsPanel({ lab }: { readonly lab: LabState }) {
  return (
    <Panel title="Settings">
      <div class="settings">
        {lab.task.fields.map((field) => (
          <Setting key={field.name} lab={lab} field={field} />
        ))}
        <NumberField
          label="Seed"
          value={lab.seed}
          min={0}
          max={999_999_999}
          integer
          hint="decides weights and order"
          disabled={!lab.isFree.value}
        />
      </div>
      <p class="hint">The run needs {lab.needs.value}.</p>
      {lab.fault.value && <Status kind="error" text={lab.fault.value} />}
    </Panel>
  );
}

/** The device of the next run; a run that is at work moves to it. */
export function DevicePanel({ lab }: { readonly lab: LabState }) {
  const choice = deviceChoice.value;
  const run = lab.run.value;
  const change = (next: Partial<DeviceChoice>) => {
    const all = { ...deviceChoice.peek(), ...next };
    chooseDevice(all);
    if (!lab.isFree.peek()) run?.move(all);
  };
  const device = view(
    () => (choice.deterministic ? "wasm" : choice.device),
    (value) => change({ device: value as DeviceChoice["device"] }),
  );
  const threads = view(
    () => String(choice.threads),
    (value) => change({ threads: value === "auto" ? "auto" : Number(value) }),
  );
  const deterministic = view(
    () => choice.deterministic,
    (value) => change({ deterministic: value }),
  );
  const hasGpu = useComputed(() => "gpu" in navigator);
  return (
    <Panel title="Device">
      <Toggle label="Deterministic: the same bits on every machine" value={deterministic} />
      <div class="settings">
        <SelectField
          label="Device"
          value={device}
          options={[["auto", "automatic"], ["wasm", "WebAssembly"], ...(hasGpu.value ? [["webgpu", "WebGPU"] as const] : [])]}
          disabled={choice.deterministic}
        />
        <SelectField
          label="Threads"
          value={threads}
          options={[["auto", "automatic"], ...threadChoices().map((count) => [String(count), String(count)] as const)]}
        />
      </div>
      <Status text={run?.info.value ? `This run: ${run.info.value}` : "The run says here which device it has."} />
    </Panel>
  );
}
