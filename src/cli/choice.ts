import { nth } from "../util/nth.js";
/** The time of a training step on a device: milliseconds by batch size, without the sizes that it could not do. */
export interface Timing {
  readonly device: string;
  readonly milliseconds: ReadonlyMap<number, number>;
}

export interface Choice {
  /** The device of the shortest step for each batch size that was measured, the smallest first. */
  readonly fastest: readonly { readonly batch: number; readonly device: string }[];
  /** The conclusion, in a sentence. */
  readonly advice: string;
}

/**
 * The device to train on, by batch size.
 * @example
 * const timing = (device: string, ...ms: number[]) => ({ device, milliseconds: new Map(ms.map((m, i) => [4 ** i, m])) });
 * choose([timing("wasm", 1, 4), timing("webgpu", 2, 3)]).advice; // = "webgpu is faster from batch 4 on: --device webgpu"
 */
export function choose(timings: readonly Timing[]): Choice {
  const measured = timings.filter(({ milliseconds }) => milliseconds.size > 0);
  const batches = [...new Set(measured.flatMap(({ milliseconds }) => [...milliseconds.keys()]))].sort((a, b) => a - b);
  const fastest = batches.map((batch) => {
    const time = ({ milliseconds }: Timing) => milliseconds.get(batch) ?? Number.POSITIVE_INFINITY;
    return { batch, device: measured.reduce((best, next) => (time(next) < time(best) ? next : best)).device };
  });
  const only = measured.length === 1 ? nth(measured, 0).device : undefined;
  return { fastest, advice: only ? `${only} is the only device measured: --device ${only}` : adviceOf(fastest) };
}

function adviceOf(fastest: Choice["fastest"]): string {
  const last = fastest.at(-1);
  if (!last) return "no device could be measured";
  const changes = fastest.filter(({ device }, i) => i > 0 && device !== nth(fastest, i - 1).device);
  if (changes.length === 0) return `${last.device} is faster at every size measured: --device ${last.device}`;
  if (changes.length === 1) return `${last.device} is faster from batch ${nth(changes, 0).batch} on: --device ${last.device}`;
  const wins = [...new Set(fastest.map(({ device }) => device))].map((name) => {
    const batches = fastest.filter(({ device }) => device === name).map(({ batch }) => batch);
    return `${name} at batch ${batches.join(", ")}`;
  });
  return `no device is faster from one size on: ${wins.join("; ")}`;
}
