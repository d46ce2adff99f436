import * as sg from "seqgrad";
import { SERIES, STATE } from "./runs.js";
import type { Series } from "./series.js";

/** The number of updates that a checkpoint has behind it. */
function stepOf(bytes: Uint8Array): number {
  const state: { progress: { step: number } } = JSON.parse(sg.io.readSafetensorsMetadata(bytes).seqgrad ?? "");
  return state.progress.step;
}

/**
 * A run's store, which writes the losses before a checkpoint together with it, in one change: a tab that crashes leaves both or neither. The
 * worker writes by the page, and the page has heard of all updates by then.
 */
export function keptWithSeries(store: sg.io.Store, series: () => Series): sg.io.Store {
  const { hold, writeAll } = store;
  return {
    read: (name) => store.read(name),
    list: () => store.list(),
    delete: (name) => store.delete(name),
    async write(name, bytes) {
      if (name !== STATE) return store.write(name, bytes);
      const losses = series().encode(stepOf(bytes));
      if (writeAll)
        return writeAll.call(
          store,
          new Map([
            [SERIES, losses],
            [name, bytes],
          ]),
        );
      await store.write(SERIES, losses);
      return store.write(name, bytes);
    },
    ...(hold && { hold: () => hold.call(store) }),
  };
}
