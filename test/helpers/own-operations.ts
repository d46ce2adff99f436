import "../../src/ops/index.js";
import { operations } from "../../src/ops/define-op.js";

/** The names of operations that tests and examples in comments define, in the worker that they share with other files. */
const foreign = new Set(["nothing", "softmaxRows"]);

/** The operations of the package, in the order of their names, whatever other files have imported or defined. */
export const ownOperations = [...operations.values()].filter(({ name }) => !foreign.has(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
