import * as sg from "seqgrad";
import { SERIES, STATE } from "./runs.js";
import type { Series } from "./series.js";

/** The number of updates that a checkpoint has behind it. */
function stepOf(bytes: Uint8Array): number {
  const state: { progress: { step: number } } = JSON.parse(sg.io.readSafetensorsMetadata(bytes).seqgrad ?? "");
  return state.progress.step;
}

/** Milliseconds between two checkpoints that are written, and their time as a multiple of that of a write: a slow disk must not slow a run. */
const APART = 400;
const SHARE = 8;

export interface Keeping {
  /** The losses until now. */
  series(): Series;
  /** True for a checkpoint that must be written: the last one, or that of a run which ends. */
  mustWrite(step: number): boolean;
  /** A checkpoint was written. */
  onWritten(): void;
}

/**
 * A run's store, which writes the losses before a checkpoint together with it, in one change: a tab that crashes leaves both or neither. The
 * worker writes by the page, and the page has heard of all updates by then.
 */
export function keptWithSeries(store: sg.io.Store, keeping: Keeping): sg.io.Store {
  const { hold, writeAll } = store;
  let due = Number.NEGATIVE_INFINITY;
  return {
    read: (name) => store.read(name),
    list: () => store.list(),
    delete: (name) => store.delete(name),
    async write(name, bytes) {
      if (name !== STATE) return store.write(name, bytes);
      const step = stepOf(bytes);
      const begin = performance.now();
      if (!keeping.mustWrite(step) && begin < due) return;
      const losses = keeping.series().encode(step);
      if (writeAll)
        await writeAll.call(
          store,
          new Map([
            [SERIES, losses],
            [name, bytes],
          ]),
        );
      else {
        await store.write(SERIES, losses);
        await store.write(name, bytes);
      }
      const end = performance.now();
      due = end + Math.max(APART, SHARE * (end - begin));
      keeping.onWritten();
    },
    ...(hold && { hold: () => hold.call(store) }),
  };
}
