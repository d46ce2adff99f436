interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Calls to the other side that it has not answered, by their numbers. */
export class Pending {
  readonly #waiting = new Map<number, Waiting>();

  get size(): number {
    return this.#waiting.size;
  }

  /** The answer to call `id`, which `ask` makes. */
  open<T>(id: number, ask: () => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      ask();
    });
  }

  resolve(id: number, value: unknown): void {
    this.#waiting.get(id)?.resolve(value);
    this.#waiting.delete(id);
  }

  reject(id: number, error: Error): void {
    this.#waiting.get(id)?.reject(error);
    this.#waiting.delete(id);
  }

  rejectAll(error: Error): void {
    for (const id of [...this.#waiting.keys()]) this.reject(id, error);
  }
}
