import type { Field } from "./task.js";

export const integer = (name: string, label: string, min: number, max: number, usual: number, hint?: string): Field => ({
  ...{ kind: "integer", name, label, min, max, default: usual },
  ...(hint !== undefined && { hint }),
});

export const number = (name: string, label: string, min: number, max: number, usual: number, step: number, hint?: string): Field => ({
  ...{ kind: "number", name, label, min, max, default: usual, step },
  ...(hint !== undefined && { hint }),
});

export const choice = (
  name: string,
  label: string,
  options: readonly (readonly [string, string])[],
  usual: string,
  hint?: string,
): Field => ({
  ...{ kind: "choice", name, label, options, default: usual },
  ...(hint !== undefined && { hint }),
});

const names = { rnn: "RNN", gru: "GRU", lstm: "LSTM", transformer: "Transformer" };
type Arch = keyof typeof names;

export const archField = (archs: readonly Arch[], usual: Arch): Field =>
  choice(
    "arch",
    "Network",
    archs.map((arch) => [arch, names[arch]] as const),
    usual,
  );

export const hiddenField = (usual: number): Field => integer("hidden", "Units of a layer", 4, 1024, usual);
export const layersField: Field = integer("layers", "Layers", 1, 8, 1);
export const dropoutField = (usual: number): Field => number("dropout", "Dropout", 0, 0.9, usual, 0.05);
export const lrField = (usual: number): Field => number("lr", "Learning rate", 0, 1, usual, 0.001);
export const scheduleField = (usual: "constant" | "cosine"): Field =>
  choice(
    "schedule",
    "Rate over the run",
    [
      ["constant", "constant"],
      ["cosine", "falls along a cosine"],
    ] as const,
    usual,
  );
export const batchField = (usual: number): Field => integer("batch", "Examples of an update", 1, 512, usual);
export const epochsField = (usual: number): Field => integer("epochs", "Epochs", 1, 1000, usual);
