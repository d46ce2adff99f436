import * as sg from "seqgrad";

type Tasks = sg.worker.WorkerTasks;
/** A task in a worker, of any kind. */
export type AnyTask = Awaited<ReturnType<Tasks["load"]>>;

let starting: Promise<sg.worker.Trainer> | undefined;

/** A worker beside the one that trains: it answers with a copy of the model, so that the training does not wait. */
function helper(): Promise<sg.worker.Trainer> {
  starting ??= sg.worker.start({ device: "wasm", threads: 1, seed: 1 });
  return starting;
}

/** A copy of a model that answers. */
export class Copy {
  #task: AnyTask | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** Takes the weights of a task as they are now. */
  async take(task: AnyTask): Promise<void> {
    const store = sg.io.memoryStore();
    await task.save(store);
    await this.load(store);
  }

  /** Takes a saved model. */
  async load(store: sg.io.Store): Promise<void> {
    const trainer = await helper();
    const next = await trainer.tasks.load(store);
    await this.ask(async () => {
      this.#task?.dispose();
      this.#task = next;
    });
  }

  /** Asks the copy, one question after the other. */
  ask<T>(act: (task: AnyTask) => Promise<T>): Promise<T> {
    const answer = this.#last.then(() => act(this.#task as AnyTask));
    this.#last = answer.catch(() => {});
    return answer;
  }

  get isThere(): boolean {
    return this.#task !== undefined;
  }

  dispose(): void {
    void this.ask(async (task) => task?.dispose());
  }
}
