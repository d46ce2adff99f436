import type { Signal } from "@preact/signals";

/** Something that a field reads and sets as it does a signal. */
export const view = <T>(get: () => T, set: (value: T) => void): Signal<T> =>
  ({
    get value() {
      return get();
    },
    set value(next: T) {
      set(next);
    },
    peek: get,
  }) as Signal<T>;
