import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { chooseDevice, deviceChoice } from "../engine/device.js";
import { Run, type RunPlan } from "../engine/run.js";
import { newId, type RunRecord, SOURCE, seriesOf, storeOf } from "../engine/runs.js";
import { hashOf, linkOf, type Recipe, recipeOf } from "./link.js";
import { bytesOf, faultOf, readable } from "./size.js";
import { defaultsOf, type LabTask, numberOf, type Problem, type Values } from "./task.js";

/** Data as a run takes them: those that ship, or a file of the reader's own. */
export interface Source {
  readonly id: string;
  readonly title: string;
  readonly data: unknown;
  readonly file?: { readonly name: string; readonly hash: string; readonly text: string };
  readonly notes: readonly string[];
  readonly problems: readonly Problem[];
}

/** A page of the Lab: data, settings, and the run that is shown. */
export class LabState {
  readonly task: LabTask;
  readonly source = signal<Source | undefined>(undefined);
  readonly values: Readonly<Record<string, Signal<number | string>>>;
  readonly seed = signal(1);
  readonly run = signal<Run | undefined>(undefined);
  /** Updates a second, of slow motion; 0 is full speed. */
  readonly slow = signal(0);
  readonly temperature = signal(0.6);
  sampledWith = 0.6;
  readonly message = signal<{ readonly text: string; readonly isError: boolean } | undefined>(undefined);
  /** A file that a link needs and this page does not have. */
  readonly missing = signal<{ readonly name: string; readonly hash: string } | undefined>(undefined);
  readonly expected = signal<Recipe["expected"]>(undefined);
  /** The settings of the run that is shown; those of the fields may have changed since. */
  ran: Values;
  /** Changes of the learning rate that a link brings. */
  changes: Recipe["changes"] = [];
  /** True while no run is at work. */
  readonly isFree: ReadonlySignal<boolean>;
  readonly fault: ReadonlySignal<string | undefined>;
  readonly needs: ReadonlySignal<string>;

  constructor(task: LabTask) {
    this.task = task;
    this.values = Object.fromEntries(Object.entries(defaultsOf(task)).map(([name, value]) => [name, signal(value)]));
    this.ran = { ...defaultsOf(task), seed: 1 };
    this.isFree = computed(() => !["starting", "running", "paused"].includes(this.run.value?.state.value ?? ""));
    this.fault = computed(() => this.#faultOf());
    this.needs = computed(() => {
      const data = this.source.value?.data;
      if (data === undefined) return "";
      const [size, updates] = [task.size(data, this.current), task.updates(data, this.current)];
      return `about ${size.parameters.toLocaleString("en")} weights, ${readable(bytesOf(size))} of memory, ${updates.toLocaleString("en")} updates`;
    });
  }

  /** The settings now. */
  get current(): Values {
    return { ...Object.fromEntries(Object.entries(this.values).map(([name, value]) => [name, value.value])), seed: this.seed.value };
  }

  #faultOf(): string | undefined {
    const { source, task } = this;
    if (source.value === undefined) return "Choose data first.";
    try {
      task.check?.(source.value.data, this.current);
      return faultOf(task.size(source.value.data, this.current));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  say(text: string, isError = false): void {
    this.message.value = { text, isError };
  }

  /** Takes data that ship with the page. */
  async useDataset(id: string): Promise<void> {
    const dataset = this.task.datasets.find((one) => one.id === id) ?? this.task.datasets[0];
    if (!dataset) return;
    this.source.value = { id: dataset.id, title: dataset.title, data: await dataset.make(), notes: [], problems: [] };
    this.missing.value = undefined;
  }

  /** Takes a file of the reader's own, or says why it cannot be read. */
  async useFile(name: string, text: string): Promise<void> {
    try {
      const { data, notes, problems } = await this.task.read(text, name);
      const hash = await hashOf(text);
      const awaited = this.missing.peek();
      if (awaited && awaited.hash !== hash)
        this.say(
          `${name} has other content than the file ${awaited.name} of the link (${hash}, not ${awaited.hash}): the losses will differ.`,
          true,
        );
      else this.message.value = undefined;
      this.missing.value = undefined;
      this.source.value = { id: "file", title: name, data, file: { name, hash, text }, notes, problems };
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error), true);
    }
  }

  /** Takes the data and the settings of a link. */
  async useLink(link: string): Promise<void> {
    const { recipe, faults } = recipeOf(link, this.task);
    for (const [name, value] of Object.entries(recipe.values)) {
      const own = this.values[name];
      if (own) own.value = value;
    }
    this.seed.value = recipe.seed;
    this.changes = recipe.changes;
    this.expected.value = recipe.expected;
    if (link !== "") chooseDevice({ ...deviceChoice.peek(), deterministic: recipe.deterministic });
    if (recipe.file) {
      this.missing.value = recipe.file;
      this.source.value = undefined;
    } else await this.useDataset(recipe.data);
    if (faults.length > 0)
      this.say(`The link asks for what this page does not have: ${faults.join("; ")}. The usual value is taken instead.`, true);
  }

  /** The link of the settings now, or of the run that is shown, with the hash of its losses. */
  get link(): string {
    const run = this.run.peek();
    if (run && run.step.peek() > 0) {
      const { recipe } = recipeOf(run.record.link, this.task);
      const expected = run.record.isExact ? { step: run.series.length, hash: run.series.hash() } : undefined;
      return linkOf({ ...recipe, changes: run.record.changes, ...(expected && { expected }) });
    }
    return linkOf(this.#recipe());
  }

  #recipe(): Recipe {
    const file = this.source.peek()?.file;
    const { seed: _, ...values } = this.current;
    return {
      ...{ data: this.source.peek()?.id ?? "", seed: this.seed.peek(), values, changes: this.changes },
      ...{ deterministic: deviceChoice.peek().deterministic },
      ...(file && { file: { name: file.name, hash: file.hash } }),
    };
  }

  #planOf(record: RunRecord, source: Source, values: Values): RunPlan {
    const { task } = this;
    const { data } = source;
    this.ran = values;
    const updates = task.updates(data, values);
    const text = source.file && new TextEncoder().encode(source.file.text);
    return {
      record,
      seed: numberOf(values, "seed"),
      lr: numberOf(values, "lr"),
      every: Math.max(5, Math.min(200, Math.round(updates / 30))),
      tokens: task.amount(data, values),
      files: new Map(text ? [[SOURCE, text]] : []),
      create: (trainer) => task.create(trainer, data, values),
      train: (model, added) => task.train(model, data, values, added),
      sample: (model) => task.sample(model, data, { temperature: this.temperature.peek(), seed: numberOf(values, "seed") }),
    };
  }

  /** Trains with the settings now, from the beginning. */
  start(): Run | undefined {
    const [source, values] = [this.source.peek(), this.current];
    if (!source || this.fault.peek() !== undefined) return undefined;
    this.run.peek()?.copy.dispose();
    const device = deviceChoice.peek();
    const steps = this.task.updates(source.data, values);
    const record: RunRecord = {
      ...{ id: newId(), name: nameOf(values), task: this.task.id, link: linkOf({ ...this.#recipe(), changes: [] }), created: Date.now() },
      ...{ status: "running", step: 0, steps, loss: Number.NaN, hash: "", device, isExact: true, changes: [...this.changes] },
    };
    const run = new Run(this.#planOf(record, source, values));
    run.setSlow(this.slow.peek());
    this.run.value = run;
    void run.train();
    return run;
  }

  /** Shows a run that the browser keeps: its settings, its data and its curve. Returns it, to be resumed. */
  async open(record: RunRecord): Promise<Run | undefined> {
    const { recipe } = recipeOf(record.link, this.task);
    await this.useLink(linkOf({ ...recipe, changes: record.changes }));
    if (recipe.file) {
      const text = await storeOf(record.id).read(SOURCE);
      if (!text) {
        this.say(`The file ${recipe.file.name} of this run is not here. Drop it again to resume.`, true);
        return undefined;
      }
      await this.useFile(recipe.file.name, new TextDecoder().decode(text));
    }
    const source = this.source.peek();
    if (!source) return undefined;
    const run = new Run(this.#planOf({ ...record }, source, this.current));
    run.setSlow(this.slow.peek());
    run.series = await seriesOf(record.id);
    run.step.value = run.series.length;
    run.state.value = record.status === "done" ? "done" : "stopped";
    if (record.status === "done") await run.copy.load(storeOf(record.id));
    this.run.value = run;
    return run;
  }

  /** Puts the page back to where a run begins. The run stays in the list. */
  reset(): void {
    const run = this.run.peek();
    run?.stop();
    run?.copy.dispose();
    this.run.value = undefined;
  }
}

/** A name that says what differs. */
const nameOf = (values: Values): string =>
  [values.arch, values.hidden, values.layers === 1 ? undefined : `${values.layers} layers`, `rate ${values.lr}`, `seed ${values.seed}`]
    .filter((part) => part !== undefined)
    .join(", ");
