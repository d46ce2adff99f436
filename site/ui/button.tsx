import type { ComponentChildren } from "preact";

export interface ButtonProps {
  readonly onClick: () => void;
  readonly kind?: "primary" | "plain";
  readonly disabled?: boolean;
  /** True or false for a switch that is on or off. */
  readonly pressed?: boolean;
  readonly children: ComponentChildren;
}

/** A button. */
export function Button({ onClick, kind = "plain", disabled = false, pressed, children }: ButtonProps) {
  return (
    <button type="button" class={`button ${kind}`} disabled={disabled} aria-pressed={pressed} onClick={onClick}>
      {children}
    </button>
  );
}
