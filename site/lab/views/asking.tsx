import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Button } from "../../ui/button.js";
import { Field } from "../../ui/fields.js";
import { Status } from "../../ui/status.js";

export interface AskingProps {
  readonly label: string;
  readonly value: Signal<string>;
  readonly button: string;
  /** Called by the button or the enter key; what it throws is shown. */
  act(): Promise<void>;
  readonly children?: ComponentChildren;
}

/** A line of text, a button, and an answer below. */
export function Asking({ label, value, button, act, children }: AskingProps) {
  const error = useSignal("");
  const busy = useSignal(false);
  const run = async () => {
    if (busy.peek()) return;
    busy.value = true;
    error.value = "";
    await act().catch((fault: Error) => (error.value = fault.message));
    busy.value = false;
  };
  return (
    <form
      class="asking"
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <Field label={label}>
        <input type="text" value={value.value} onInput={(event) => (value.value = event.currentTarget.value)} />
      </Field>
      <Button kind="primary" onClick={() => void run()} disabled={busy.value}>
        {button}
      </Button>
      {error.value && <Status kind="error" text={error.value} />}
      <div aria-live="polite">{children}</div>
    </form>
  );
}
