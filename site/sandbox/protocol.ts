/** A thing that the code in the sandbox shows, as a message to its page. */
export type Shown =
  | { readonly type: "line"; readonly chart: string; readonly values: Readonly<Record<string, number>>; readonly x: number }
  | { readonly type: "matrix"; readonly title: string; readonly matrix: ShownMatrix }
  | { readonly type: "text"; readonly title: string; readonly text: string }
  | { readonly type: "table"; readonly title: string; readonly rows: readonly Readonly<Record<string, string | number>>[] }
  | { readonly type: "answer"; readonly answer: string }
  | { readonly type: "log"; readonly level: "log" | "warn" | "error"; readonly text: string };

/** The matrix of `show.matrix(title, matrix)`. */
export interface ShownMatrix {
  readonly values: readonly (readonly number[])[];
  readonly rows?: readonly string[];
  readonly columns?: readonly string[];
  readonly scale?: "diverging" | "sequential";
  readonly range?: readonly [number, number];
}

/** From the sandbox to its page. */
export type FromSandbox =
  | { readonly type: "shown"; readonly shown: readonly Shown[] }
  | { readonly type: "done" }
  /** An error of the code, with its line where it has one. */
  | { readonly type: "failed"; readonly message: string; readonly line: number | undefined };

/** From the page to its sandbox. */
export type ToSandbox =
  | { readonly type: "run"; readonly code: string; readonly library: string; readonly controls: Readonly<Record<string, Control>> }
  | { readonly type: "control"; readonly name: string; readonly value: Control }
  | { readonly type: "pause"; readonly paused: boolean };

/** The value of a control. */
export type Control = number | string | boolean;
