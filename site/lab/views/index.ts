import type { ComponentType } from "preact";
import type { AnyTask } from "../../engine/sampler.js";
import type { LabState } from "../state.js";

/** Asks a copy of the model that is trained. */
export type Ask = <T>(act: (task: AnyTask) => Promise<T>) => Promise<T>;

/** The parts of a page that show what a task's model can do. */
export interface View {
  /** True if what it writes is drawn at a temperature. */
  readonly hasTemperature?: boolean;
  /** Shows a sample, as the task's sample() makes it. */
  readonly Sample: ComponentType<{ readonly value: never; readonly lab: LabState }>;
  /** Asks the model something of the reader's own. */
  readonly Try: ComponentType<{ readonly ask: Ask; readonly lab: LabState }>;
}

/** The views by the ids of their tasks, each loaded when it is needed. */
export const views: Readonly<Record<string, () => Promise<View>>> = {
  "language-model": async () => (await import("./language-model.js")).view,
  sentiment: async () => (await import("./sentiment.js")).view,
  tagging: async () => (await import("./tagging.js")).view,
  translation: async () => (await import("./translation.js")).view,
  forecast: async () => (await import("./forecast.js")).view,
  captions: async () => (await import("./captions.js")).view,
  music: async () => (await import("./music.js")).view,
  sounds: async () => (await import("./sounds.js")).view,
};
