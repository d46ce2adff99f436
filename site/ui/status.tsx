export interface StatusProps {
  readonly text: string;
  readonly kind?: "info" | "error" | "busy";
}

/** A line that says what happens now. Screen readers read it when it changes; an error at once. */
export function Status({ text, kind = "info" }: StatusProps) {
  return (
    <p class={`status ${kind}`} role={kind === "error" ? "alert" : "status"}>
      {text}
    </p>
  );
}

export interface ProgressProps {
  readonly value: number;
  readonly max: number;
  readonly label: string;
}

/** A bar of what is done. */
export function Progress({ value, max, label }: ProgressProps) {
  return (
    <div class="progress">
      <progress value={value} max={max} aria-label={label} />
    </div>
  );
}
