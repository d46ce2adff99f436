import type { StoreOrigin } from "../io/store.js";
import type { ControlChange } from "../train/pace.js";
import type { ErrorCode } from "../util/errors.js";

/** The version of these messages: both sides must be of one. */
export const PROTOCOL = 1;

/** An error on its way. One that seqgrad did not throw on purpose has no code. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly code?: ErrorCode;
}

/** A task or a capture in the worker, as the page gets to know it. */
export interface SentTask {
  readonly task: number;
  readonly methods: readonly string[];
  /** Its properties that are texts, numbers or lists of texts. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** The work of a call. */
export type Work =
  | { readonly work: "start"; readonly options: object; readonly lock: string }
  | { readonly work: "make"; readonly kind: string; readonly args: readonly unknown[] }
  | { readonly work: "load"; readonly store: SentStore }
  | { readonly work: "memory" }
  | { readonly work: "call"; readonly task: number; readonly method: string; readonly args: readonly unknown[] };

/** A signal was aborted, or a control has changed. */
export type Change =
  | { readonly type: "abort"; readonly signal: number }
  | { readonly type: "control"; readonly control: number; readonly change: ControlChange };

/** From the page: calls, streams and answers, each by its number. */
export type ToEngine =
  | ({ readonly type: "call"; readonly id: number } & Work)
  | { readonly type: "stream"; readonly id: number; readonly task: number; readonly method: string; readonly args: readonly unknown[] }
  /** The items of a stream that were sent have been taken. */
  | { readonly type: "taken"; readonly id: number }
  /** A stream is to end. */
  | { readonly type: "stop"; readonly id: number }
  | Change
  | { readonly type: "release"; readonly task: number }
  /** To a question of the engine. */
  | { readonly type: "answer"; readonly id: number; readonly value: unknown }
  | { readonly type: "refusal"; readonly id: number; readonly error: SentError };

/** A question of the engine to the page. */
export type Question =
  | { readonly ask: "chunk"; readonly name: string }
  | { readonly ask: "function"; readonly fn: number; readonly args: readonly unknown[] }
  | { readonly ask: "store"; readonly store: number; readonly method: StoreMethod; readonly args: readonly unknown[] };

export type StoreMethod = "read" | "write" | "list" | "delete" | "writeAll" | "hold";

/** A store of the page's: by its origin the worker opens it itself, else it asks the page, by its number. */
export interface SentStore {
  readonly as: "store";
  readonly id: number;
  readonly origin?: StoreOrigin;
  readonly has: { readonly writeAll: boolean; readonly hold: boolean };
}

/** From the worker. */
export type FromEngine =
  | { readonly type: "hello"; readonly protocol: number }
  | { readonly type: "result"; readonly id: number; readonly value: unknown }
  | { readonly type: "error"; readonly id: number; readonly error: SentError }
  | { readonly type: "items"; readonly id: number; readonly items: readonly unknown[]; readonly isLast: boolean }
  | ({ readonly type: "question"; readonly id: number } & Question);

/** The answer to "start". */
export interface Started {
  readonly info: string;
  readonly kinds: readonly string[];
  /** True if the worker has taken the lock. */
  readonly isLocked: boolean;
}

/** In place of what cannot go over, an object that has this key alone says what it is. */
export const mark = "seqgrad:sent";
export interface Marked {
  readonly [mark]: Sent;
}
export type Sent =
  | SentStore
  | { readonly as: "function"; readonly id: number }
  | { readonly as: "signal"; readonly id: number; readonly aborted: boolean }
  | { readonly as: "control"; readonly id: number; readonly state: ControlChange }
  | { readonly as: "tokenizer"; readonly json: unknown };
