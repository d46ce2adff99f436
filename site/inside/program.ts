/** The things that a program in the worker of a view is given. */
export interface Context {
  /** The value of a control now. */
  control(name: string): number | string;
  /** Shows the page what was computed. Arrays of numbers are copied. */
  post(data: unknown): void;
  /** A turn of the event loop: controls and questions arrive; the program waits here while the page pauses it. */
  frame(): Promise<void>;
  /** Answers a question of the page by this function from now on. */
  answer(question: string, answer: (input: never) => unknown): void;
}

/** The code of a view in its worker: trains, and shows what happens inside. */
export type Program = (context: Context) => Promise<void>;

export type ToProgram =
  | { readonly type: "start"; readonly program: string; readonly controls: Readonly<Record<string, number | string>> }
  | { readonly type: "control"; readonly name: string; readonly value: number | string }
  | { readonly type: "pause"; readonly paused: boolean }
  | { readonly type: "ask"; readonly id: number; readonly question: string; readonly input: unknown };

export type FromProgram =
  | { readonly type: "data"; readonly data: unknown }
  | { readonly type: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly type: "refused"; readonly id: number; readonly message: string }
  | { readonly type: "done" }
  | { readonly type: "failed"; readonly message: string };
