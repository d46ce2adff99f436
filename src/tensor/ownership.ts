import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { type Shape, sizeOf } from "../util/shape.js";
import type { Tensor } from "./tensor.js";

/** The parameters and buffers made since the event loop last turned: the ones of a constructor that throws are among them. */
const made: Tensor[] = [];

/** The memory that the parameters and buffers being made may take, by the size of the file with their content. */
let room: { elements: number; tensors: number } | undefined;

/** To be called before memory for a parameter or buffer is allocated. */
export function checkRoom(shape: Shape): void {
  if (!room) return;
  room.elements -= sizeOf(shape);
  room.tensors--;
  if (room.elements >= 0 && room.tensors >= 0) return;
  const what = `config.json describes a larger model than the weights fill: ${formatShape(shape)} is one tensor too many`;
  throw new SeqgradError("format", `${what}. Take the config.json that was saved with these weights.`);
}

/** Notes a parameter or buffer, which belongs to nobody until the constructor that makes it has ended. */
export function noteMade(tensor: Tensor): void {
  if (made.length === 0)
    queueMicrotask(() => {
      made.length = 0;
    });
  made.push(tensor);
}

/** How many have been made so far: where disposeSince() begins. */
export const madeSoFar = (): number => made.length;

/** Frees the parameters and buffers made since, and hands the error on that ended their making. */
export function disposeSince(mark: number, error: unknown): unknown {
  for (const tensor of made.splice(mark)) tensor.dispose();
  return error;
}

/** Runs `fn`, which is synchronous; the parameters and buffers that it has made are freed when it throws. */
export function allOrNothing<T>(fn: () => T): T {
  const mark = madeSoFar();
  try {
    return fn();
  } catch (error) {
    throw disposeSince(mark, error);
  }
}

/** Elements and tensors that a model may have beyond its file's, so that a small misfit is reported tensor by tensor. */
const SLACK = { elements: 1 << 18, tensors: 1 << 10 };

/**
 * Builds a model that is to hold `tensors`: all or nothing, and no larger than they are, whatever its config asks for.
 * @throws SeqgradError `format` for a model that is larger, before memory is allocated for more, and for a number of the config that is
 *   outside its interval; what else `build` throws
 */
export function buildToFit<T>(tensors: ReadonlyMap<string, { readonly shape: Shape }>, build: () => T): T {
  const before = room;
  const elements = Array.from(tensors.values(), ({ shape }) => sizeOf(shape)).reduce((sum, n) => sum + n, SLACK.elements);
  room = { elements, tensors: tensors.size + SLACK.tensors };
  try {
    return allOrNothing(build);
  } catch (error) {
    if (!(error instanceof SeqgradError && error.code === "range")) throw error;
    throw new SeqgradError("format", `config.json: ${error.message}`, { cause: error });
  } finally {
    room = before;
  }
}
