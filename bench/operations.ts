import { type Operation, operations } from "../src/ops/define-op.js";
import * as ops from "../src/ops/index.js";

/** Every operation of the package: they register themselves when their page is loaded, which naming them all does. */
export function allOperations(): Operation[] {
  if (Object.keys(ops).length === 0) throw new Error("src/ops exports nothing");
  return [...operations.values()];
}
