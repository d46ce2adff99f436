import { shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { httpStore } from "./http-store.js";
import { indexedDbStore } from "./indexed-db-store.js";
import { opfsStore } from "./opfs-store.js";
import type { Store, StoreOrigin } from "./store.js";

const makers = { opfs: opfsStore, indexedDb: indexedDbStore, http: httpStore };

/**
 * Opens a store by its `origin`, which is plain data that can be sent to a worker or kept.
 *
 * @param origin the property `origin` of a store of the browser or of a server
 * @returns the same store
 * @throws SeqgradError `value` for anything else
 * @example
 * const { origin } = sg.io.opfsStore("my-model");
 * sg.io.storeOf(origin!).origin; // = { kind: "opfs", at: "my-model" }
 */
export function storeOf(origin: StoreOrigin): Store {
  const kind: unknown = Object(origin).kind;
  for (const [name, make] of Object.entries(makers)) if (name === kind) return make(origin.at);
  const known = Object.keys(makers).join(", ");
  throw new SeqgradError("value", `storeOf: the origin is of the kind ${shown(kind)}; give the origin of a store: one of ${known}.`);
}
