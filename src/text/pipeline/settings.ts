import { isRecord, isWhole, kindOf, shown } from "../../util/check.js";
import { SeqgradError } from "../../util/errors.js";

/** The error of a tokenizer.json that cannot be read exactly; `where` is the place in the file. */
export const unreadable = (where: string, what: string): SeqgradError =>
  new SeqgradError("format", `tokenizerFromJSON: ${where}: ${what}.`);

/**
 * The settings of one part of tokenizer.json. Each setting is taken by its name and checked; `end` refuses the settings that nothing took,
 * because an ignored setting gives other ids.
 */
export class Settings {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #taken = new Set<string>(["type"]);

  constructor(
    readonly where: string,
    part: unknown,
  ) {
    if (!isRecord(part)) throw unreadable(where, `got ${kindOf(part)}, expected an object`);
    this.#values = part;
  }

  /** The type of the part; of a part without one, `undefined`. */
  get type(): unknown {
    return this.#values.type;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== null;
  }

  /** A setting as it stands in the file. */
  raw(name: string): unknown {
    this.#taken.add(name);
    return this.#values[name];
  }

  flag(name: string, absent?: boolean): boolean {
    const value = this.raw(name) ?? absent;
    if (typeof value !== "boolean") throw this.#fault(name, value, "true or false");
    return value;
  }

  text(name: string, absent?: string): string {
    const value = this.raw(name) ?? absent;
    if (typeof value !== "string") throw this.#fault(name, value, "a string");
    return value;
  }

  /** One character. */
  character(name: string, absent?: string): string {
    const value = this.text(name, absent);
    if (Array.from(value).length !== 1) throw this.#fault(name, value, "one character");
    return value;
  }

  whole(name: string, absent?: number, low = 0): number {
    const value = this.raw(name) ?? absent;
    if (!isWhole(value) || value < low) throw this.#fault(name, value, `a whole number of at least ${low}`);
    return value;
  }

  choice<T extends string>(name: string, choices: readonly T[], absent?: T): T {
    const value = this.raw(name) ?? absent;
    const choice = choices.find((one) => one === value);
    if (choice === undefined) throw this.#fault(name, value, choices.join(", "));
    return choice;
  }

  list(name: string): readonly unknown[] {
    const value = this.raw(name);
    if (!Array.isArray(value)) throw this.#fault(name, value, "a list");
    return value;
  }

  /** The settings within a setting. */
  within(name: string): Settings {
    return new Settings(`${this.where}.${name}`, this.raw(name));
  }

  /** Throws for a setting that was not taken. */
  end(): void {
    const unknown = Object.keys(this.#values).find((name) => !this.#taken.has(name));
    if (unknown === undefined) return;
    const advice = `it could give other ids; the settings known here are ${[...this.#taken].join(", ")}`;
    throw unreadable(this.where, `the setting ${JSON.stringify(unknown)} is not known, and ${advice}`);
  }

  #fault(name: string, value: unknown, expected: string): SeqgradError {
    const got = value !== null && typeof value === "object" ? JSON.stringify(value)?.slice(0, 80) : shown(value);
    return unreadable(this.where, `${name} is ${got}, expected ${expected}`);
  }
}

/** The constructors of parts, by type. */
export type Makers<T> = Readonly<Record<string, (settings: Settings) => T>>;

/** The part that stands at a place of the file, made by the maker of its type. */
export function make<T>(where: string, part: unknown, makers: Makers<T>): T {
  const settings = new Settings(where, part);
  const { type } = settings;
  const maker = typeof type === "string" && Object.hasOwn(makers, type) ? makers[type] : undefined;
  if (!maker) throw unreadable(where, `the type ${shown(type)} is not known; the types known here are ${Object.keys(makers).join(", ")}`);
  const made = maker(settings);
  settings.end();
  return made;
}
