import type { LabTask } from "../task.js";

/** The tasks by their ids; a page loads its own alone. */
export const tasks: Readonly<Record<string, () => Promise<LabTask<never>>>> = {
  "language-model": async () => (await import("./language-model.js")).languageModel as LabTask<never>,
  sentiment: async () => (await import("./sentiment.js")).sentiment as LabTask<never>,
  tagging: async () => (await import("./tagging.js")).tagging as LabTask<never>,
  translation: async () => (await import("./translation.js")).translation as LabTask<never>,
  forecast: async () => (await import("./forecast.js")).forecast as LabTask<never>,
  captions: async () => (await import("./captions.js")).captions as LabTask<never>,
  music: async () => (await import("./music.js")).music as LabTask<never>,
  sounds: async () => (await import("./sounds.js")).sounds as LabTask<never>,
};
