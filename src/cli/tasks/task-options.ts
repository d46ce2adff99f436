type Value = string | number | boolean;

/** The options of a run by name. */
export type TaskRecipe = Readonly<Record<string, Value>>;

/** An option of a run: its reading of the command line's word, its default and its line of help. */
export interface TaskOption {
  readonly read: (word: string) => Value;
  readonly default: Value;
  readonly description: string;
  readonly hint: string;
}

export type TaskOptions = Readonly<Record<string, TaskOption>>;

/** How a file is read for a saved task: as it is told, and as the run was that made the task. */
export interface Reading {
  readonly given: TaskRecipe;
  readonly trained: TaskRecipe;
}
