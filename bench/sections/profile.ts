import { kernels } from "../../src/backend/kernels.js";
import { sizeText } from "../calls.js";
import type { Context } from "../context.js";
import { quantile } from "../measure.js";
import { timed } from "../observe.js";
import type { Table } from "../table.js";
import { label, type Size, training, transformers } from "../training.js";
import { type Work, workOf } from "../work.js";
import { type Roofline, share } from "./roofline.js";

interface Row {
  readonly kernel: string;
  readonly size: string;
  calls: number;
  us: number;
  /** Microseconds of what binds it. */
  least: number;
}

const leastOf = (roofline: Roofline, work: Work) => share(roofline, work, 1).share / 100;

/** The times of the kernel calls in a step, summed by size: lower quartiles of many steps. */
async function profileOf(context: Context, roofline: Roofline, size: Size): Promise<Table> {
  const { device, calls } = timed(await context.device());
  const { step, next } = training(device, "gpt", size);
  for (let i = 0; i < (context.quick ? 100 : 300); i++) step(next());
  calls.length = 0;
  step(next());
  const made = calls.splice(0);
  const steps = Array.from({ length: context.quick ? 30 : 100 }, () => {
    step(next());
    return calls.splice(0).map(({ ms }) => ms);
  });
  const rows = new Map<string, Row>();
  for (const [i, { kernel, call }] of made.entries()) {
    const flags = kernels[kernel].dims.filter((name) => name.startsWith("trans")).map((name) => (call[name] ? "T" : "N"));
    const [text, work] = [`${flags.join("")} ${sizeText({ kernel, call })}`.trim(), workOf(kernel, call)];
    const row = rows.get(kernel + text + call.op) ?? { kernel, size: text, calls: 0, us: 0, least: 0 };
    rows.set(kernel + text + call.op, row);
    row.calls++;
    row.us +=
      1000 *
      quantile(
        steps.map((ms) => ms[i]!),
        0.25,
      );
    row.least += 1e6 * leastOf(roofline, work);
  }
  const all = [...rows.values()].toSorted((a, b) => b.us - a.us);
  const [us, least] = [all.reduce((sum, row) => sum + row.us, 0), all.reduce((sum, row) => sum + row.least, 0)];
  return {
    title: `Kernels of a step: ${label("gpt", size)}`,
    note: `By the wall's clock, in place. Together ${(us / 1000).toFixed(2)} ms; at the roofline, which counts no exp and no gelu, ${(least / 1000).toFixed(2)} ms.`,
    rows: all.map(({ least, ...row }) => ({ ...row, "% of step": (100 * row.us) / us, "% of roofline": (100 * least) / row.us })),
  };
}

/** The time of a Transformer's training step, kernel by kernel. */
export async function measureProfile(context: Context, roofline: Roofline): Promise<Table[]> {
  const tables = [];
  for (const size of context.quick ? transformers.slice(0, 1) : transformers) tables.push(await profileOf(context, roofline, size));
  return tables;
}
