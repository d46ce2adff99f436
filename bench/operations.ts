import { operations as defined, type OpDefinition } from "../src/ops/define-op.js";
import * as ops from "../src/ops/index.js";

export type Op = OpDefinition<unknown>;

/** Every operation of the package: they register themselves when their page is loaded, which naming them all does. */
export function allOperations(): Op[] {
  if (Object.keys(ops).length === 0) throw new Error("src/ops exports nothing");
  return [...defined.values()] as unknown as Op[];
}
