import { noGrad } from "../autograd/tape.js";
import { gradientSeen } from "../ops/define-op.js";
import type { Observer } from "../ops/recurrent.js";
import { stack, unsqueeze } from "../ops/views.js";
import { where } from "../ops/where.js";
import { internal } from "../tensor/internal.js";
import { empty, fill } from "../tensor/memory.js";
import { scope } from "../tensor/scope.js";
import { outermostFrame } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import { shown } from "../util/check.js";
import { disposeKey } from "../util/dispose-key.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions } from "../util/options.js";

/** Reports to capture() the values that a layer computes besides its output. */
export interface Quantities {
  /** LSTM, GRUCell, .., or attention. */
  readonly kind: string;
  /** Of a recurrent layer. */
  readonly numLayers?: number;
  readonly directions?: number;
}

/** Set while modules are captured: gives the observer of one of them, if somebody looks this time. */
const observing: { observerOf?: (module: object) => Observer | undefined } = {};

/** The observer to whom a layer shows what it computes in the call that begins. */
export const observerOf = (module: object): Observer | undefined => observing.observerOf?.(module);

/** The part of the engine that capture.ts uses, and does not import: each name that a lazily loaded chunk shares costs every page bytes. */
export const engine = {
  ...{ observing, gradientSeen, noGrad, stack, unsqueeze, where, scope, outermostFrame, empty, fill, internal, Tensor },
  ...{ shown, disposeKey, SeqgradError, checkOptions },
};
export type Engine = typeof engine;
