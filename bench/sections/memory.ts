import { WasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { memory } from "../../src/tensor/device.js";
import type { Context } from "../context.js";
import { recorded, watched } from "../observe.js";
import type { Table } from "../table.js";
import { label, large, medium, type Size, small, training, vocabulary } from "../training.js";

const KiB = 1024;

/** Floats a step, row and unit that a layer keeps beside its output: gates, which become their gradients, and an LSTM's cells. */
const saved = { lstm: 5, gru: 4, rnn: 1 } as const;

async function account(context: Context, cell: keyof typeof saved, size: Size) {
  const bare = await context.device();
  const { device: recording, log } = recorded(bare);
  const { device, peak } = watched(recording);
  const { step, next } = training(device, cell, size);
  peak.bytes = 0;
  for (let i = 0; i < 4; i++) step(next());
  const { bytes } = memory(device);
  const { backend } = bare;
  const scratch = log.map(({ kernel, call }) => (backend instanceof WasmBackend ? backend.workspace(kernel, call) : 0));

  const { I, H, B, T } = size;
  const floats = (perToken: number) => 4 * B * T * perToken;
  const kept = bytes.parameter + bytes.gradient + bytes.optimizer + floats(saved[cell] * H);
  // Both passes: what a layer hands to the next, and its gradient.
  const parts = { logits: floats(2 * vocabulary), activations: floats(2 * (I + H)), workspace: Math.max(...scratch) };
  const named = kept + parts.logits + parts.activations + parts.workspace;
  return {
    step: label(cell, size),
    parameters: bytes.parameter / KiB,
    gradients: bytes.gradient / KiB,
    optimizer: bytes.optimizer / KiB,
    saved: floats(saved[cell] * H) / KiB,
    "sum of these": kept / KiB,
    peak: peak.bytes / KiB,
    "over %": 100 * (peak.bytes / kept - 1),
    logits: parts.logits / KiB,
    activations: parts.activations / KiB,
    workspace: parts.workspace / KiB,
    rest: (peak.bytes - named) / KiB,
  };
}

/** The most memory that a training step has, against what it cannot do without. */
export async function measureMemory(context: Context): Promise<Table> {
  const rows = [];
  for (const cell of ["lstm", "gru", "rnn"] as const) {
    for (const size of context.quick ? [small, medium] : [small, medium, large]) rows.push(await account(context, cell, size));
  }
  return {
    title: "Memory of a training step",
    note: "KiB. `logits` and `activations` with their gradients; `rest`: tokens, states, and what the scope's arena took and does not fill.",
    rows,
  };
}
