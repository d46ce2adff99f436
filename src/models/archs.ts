import { GRU, LSTM, type RecurrentLayer, RNN } from "../nn/recurrent.js";

/** The recurrent layers by the name of their architecture. */
const layers = { rnn: RNN, gru: GRU, lstm: LSTM } as const;

export type RecurrentArch = keyof typeof layers;
/** An architecture of models that read or write sequences. */
export type Arch = RecurrentArch | "transformer";

/** The architectures that have a recurrent state. */
export const recurrentArchs = ["rnn", "gru", "lstm"] as const satisfies readonly RecurrentArch[];
/** Every architecture, as the option `arch` of models and tasks names it. */
export const archs = [...recurrentArchs, "transformer"] as const satisfies readonly Arch[];

export const isRecurrentArch = (name: unknown): name is RecurrentArch => recurrentArchs.some((arch) => arch === name);

/** Recurrent layers of an architecture; dropout is between them. */
export function recurrentLayer(
  arch: RecurrentArch,
  features: number,
  hidden: number,
  { layers: numLayers, dropout, bidirectional = false }: { layers: number; dropout: number; bidirectional?: boolean },
): RecurrentLayer {
  return new layers[arch](features, hidden, { numLayers, bidirectional, dropout: numLayers > 1 ? dropout : 0 });
}
