import type { WindowBatch } from "../../src/data/index.js";
import {
  type CarriedState,
  type FitEvent,
  type FitOptions,
  fit,
  type Loader,
  manualSeed,
  models,
  optim,
  type Trainable,
  tensor,
} from "../../src/index.js";
import type { RecurrentLMConfig } from "../../src/models/index.js";
import type { Module } from "../../src/nn/module.js";

export const V = 5;
const [B, T] = [2, 4];

/** Batch i of windows of a text in which token n is followed by 2 n + 1 modulo V, more or less. */
export function batchAt(i: number): WindowBatch {
  const x = Int32Array.from({ length: B * T }, (_, j) => (i * 7 + j * j) % V);
  return { x, y: x.map((n, j) => (2 * n + 1 + (j % 3 === 0 ? 1 : 0)) % V), shape: [B, T] };
}

export const numbered: Loader<WindowBatch> = { batch: batchAt };
export const batches = (n: number, from = 0): WindowBatch[] => Array.from({ length: n }, (_, i) => batchAt(from + i));

/** A small model and an optimizer, the same for the same seed. */
export function makeModel(options: Partial<RecurrentLMConfig> = {}, seed = 1) {
  manualSeed(seed);
  const model = new models.RecurrentLM({ vocab: V, arch: "lstm", embed: 3, hidden: 4, ...options });
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.05 });
  return { model, optimizer, dispose: () => [optimizer, model].map((owner) => owner.dispose()) };
}

/** All events of a run. */
export async function collect(events: AsyncIterable<FitEvent>): Promise<FitEvent[]> {
  const list: FitEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

export function run<B, S extends CarriedState<S> = object>(
  model: Module,
  loader: Loader<B>,
  options: FitOptions<B, S>,
): Promise<FitEvent[]> {
  return collect(fit(model as Module & Trainable<B, S>, loader, options));
}

export const only = <E extends FitEvent["type"]>(events: readonly FitEvent[], name: E): Extract<FitEvent, { type: E }>[] =>
  events.filter((event): event is Extract<FitEvent, { type: E }> => event.type === name);

export const losses = (events: readonly FitEvent[]): number[] => only(events, "step").map(({ loss }) => loss);

/** The events by name and step: `step 1`, `evaluation 5`, `end 5`. */
export const outline = (events: readonly FitEvent[]): string[] =>
  events.map((event) => `${event.type} ${event.type === "end" ? event.steps : event.step}`);

/** The parameters' content by name. */
export async function parametersOf(model: Module): Promise<Record<string, number[]>> {
  return Object.fromEntries(Array.from(await model.stateDict(), ([name, { data }]) => [name, [...data]]));
}

/** Parameters and optimizer: everything that an update changes. */
export async function stateOf({ model, optimizer }: { model: Module; optimizer: optim.Optimizer }): Promise<unknown> {
  const { steps, lr, tensors } = await optimizer.stateDict();
  return { parameters: await parametersOf(model), steps, lr, tensors: Array.from(tensors, ([name, { data }]) => [name, [...data]]) };
}

export const tensorsOf = ({ x, y, shape }: WindowBatch) => ({ x: tensor(x, shape), y: tensor(y, shape) });
