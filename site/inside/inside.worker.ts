/** The worker of the views: runs the program of one view. */
import type { Context, FromProgram, Program, ToProgram } from "./program.js";

const programs: Readonly<Record<string, () => Promise<{ default: Program }>>> = {
  gates: () => import("./gates/program.js"),
  cells: () => import("./cells/program.js"),
  connectivity: () => import("./connectivity/program.js"),
  translator: () => import("./translator/program.js"),
  heads: () => import("./heads/program.js"),
  embeddings: () => import("./embeddings/program.js"),
  phrase: () => import("./phrase/program.js"),
};

const post = (message: FromProgram) => self.postMessage(message);
const controls = new Map<string, number | string>();
const answers = new Map<string, (input: never) => unknown>();
let paused = false;
let resume = () => {};

const turn = () => new Promise<void>((resolve) => setTimeout(resolve));

const context: Context = {
  control(name) {
    const value = controls.get(name);
    if (value === undefined) throw new Error(`The view has no control "${name}".`);
    return value;
  },
  post: (data) => post({ type: "data", data }),
  async frame() {
    await turn();
    if (paused)
      await new Promise<void>((resolve) => {
        resume = resolve;
      });
  },
  answer: (question, answer) => answers.set(question, answer),
};

async function start(name: string): Promise<void> {
  const load = programs[name];
  if (!load) throw new Error(`There is not a view "${name}".`);
  await (await load()).default(context);
}

async function reply(id: number, question: string, input: unknown): Promise<void> {
  try {
    const answer = answers.get(question);
    if (!answer) throw new Error("The network is not ready yet. Wait for its first step.");
    post({ type: "answer", id, answer: await answer(input as never) });
  } catch (error) {
    post({ type: "refused", id, message: (error as Error).message });
  }
}

self.onmessage = ({ data }: MessageEvent<ToProgram>) => {
  if (data.type === "start") {
    for (const [name, value] of Object.entries(data.controls)) controls.set(name, value);
    start(data.program).then(
      () => post({ type: "done" }),
      (error: Error) => post({ type: "failed", message: error.message }),
    );
  } else if (data.type === "control") controls.set(data.name, data.value);
  else if (data.type === "ask") void reply(data.id, data.question, data.input);
  else {
    paused = data.paused;
    if (!paused) resume();
  }
};
