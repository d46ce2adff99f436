import { shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { Module } from "./module.js";

/**
 * Layers by name, whose parameters are named as in PyTorch: `heads.en.weight` for the layer `en` of a property `heads`.
 *
 * @param modules the layers by name; default none
 * @throws SeqgradError `value` for a name that is taken, empty or has a dot, or for a value that is not a layer
 * @example
 * const heads = new sg.nn.ModuleDict({ en: new sg.nn.Linear(4, 2), de: new sg.nn.Linear(4, 3) });
 * heads.get("de").forward(sg.zeros([1, 4])).shape; // = [1, 3]
 */
export class ModuleDict<M extends Module = Module> extends Module {
  readonly #layers = new Map<string, M>();

  constructor(modules: Readonly<Record<string, M>> = {}) {
    super();
    if (typeof modules !== "object" || modules === null || Array.isArray(modules))
      throw new SeqgradError("value", `ModuleDict: got ${shown(modules)}; give layers by name, as in { en: layer }.`);
    for (const [name, module] of Object.entries(modules)) this.set(name, module);
  }

  /**
   * Adds a layer, or replaces the layer of that name.
   *
   * @param name the name, without a dot
   * @param module the layer
   * @returns this layer
   * @throws SeqgradError `value` for a name that is taken, empty or has a dot, or for a value that is not a layer
   */
  set(name: string, module: M): this {
    if (typeof name !== "string" || name === "" || name.includes(".") || (name in this && !this.has(name)))
      throw new SeqgradError(
        "value",
        `ModuleDict: ${shown(name)} cannot name a layer: it is empty, holds a dot, or is a member of every module.`,
      );
    if (!(module instanceof Module)) throw new SeqgradError("value", `ModuleDict: ${name} is ${shown(module)}; give a layer.`);
    this.#layers.set(name, module);
    // A property is what Module finds layers by.
    Object.assign(this, { [name]: module });
    return this;
  }

  /**
   * Returns the layer of a name.
   *
   * @param name the name
   * @returns the layer
   * @throws SeqgradError `value` if there is no such layer
   */
  get(name: string): M {
    const layer = this.#layers.get(name);
    if (!layer) throw new SeqgradError("value", `ModuleDict: there is no layer ${shown(name)}; there are ${this.names().join(", ")}.`);
    return layer;
  }

  /**
   * Returns true if there is a layer of that name.
   *
   * @param name the name
   * @returns true or false
   */
  has(name: string): boolean {
    return this.#layers.has(name);
  }

  /**
   * Returns the names, in the order in which they were added.
   *
   * @returns the names
   */
  names(): string[] {
    return [...this.#layers.keys()];
  }
}
