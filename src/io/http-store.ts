import { kindOf } from "../util/check.js";
import { messageOf, SeqgradError } from "../util/errors.js";
import { checkStoreName, type Store } from "./store.js";

/** The files that a model's folder may have. A server does not say which files it has. */
const FILES = [
  ...["config.json", "generation_config.json", "history.jsonl", "model.safetensors", "tokenizer.json"],
  ...["tokenizer_config.json", "training_args.json", "training_state.safetensors", "vocab.json"],
];

/**
 * Makes a store of a folder on a server, to load a model that the command line trained. It reads only.
 *
 * A server does not say the names of its files, so `list()` asks by HEAD for those that a model's folder may have. An HTML page in the
 * place of another file counts as no file: servers of apps answer so for what is not there.
 *
 * @param url the folder; in a page it may be relative to the page
 * @returns the store
 * @throws SeqgradError `value` for a URL that is not one of http or https; from reads `io` for what the server or the network refuses;
 *   from writes `state`
 * @example
 * const folder = sg.io.httpStore("https://example.com/models/my-model");
 * const task = await sg.tasks.load(folder).catch((error) => console.log(error.message));
 */
export function httpStore(url: string | { readonly href: string }): Store {
  const folder = folderOf(url);
  const refuse = async (action: string): Promise<never> => {
    const advice = "Save to another store, such as opfsStore(name) or memoryStore()";
    throw new SeqgradError("state", `httpStore ${folder}: cannot ${action}: it reads only. ${advice}.`);
  };
  return {
    origin: { kind: "http", at: folder },
    async read(name) {
      const response = await ask(new URL(checkStoreName(name), folder), "GET");
      if (!response) return undefined;
      try {
        return new Uint8Array(await response.arrayBuffer());
      } catch (cause) {
        throw new SeqgradError("io", `httpStore: ${response.url} was cut short: ${messageOf(cause)}; try again.`, { cause });
      }
    },
    async list() {
      const found = await Promise.all(FILES.map(async (name) => ((await ask(new URL(name, folder), "HEAD")) ? [name] : [])));
      return found.flat();
    },
    write: async (name) => refuse(`write ${checkStoreName(name)}`),
    delete: async (name) => refuse(`delete ${checkStoreName(name)}`),
  };
}

/** The absolute URL of the folder, with a slash at its end. */
function folderOf(address: string | { readonly href: string }): string {
  const url: unknown = typeof address === "string" ? address : address?.href;
  if (typeof url !== "string") throw new SeqgradError("value", `httpStore: the url is ${kindOf(address)}; give the URL of a folder.`);
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  const absolute = URL.canParse(url, base) ? new URL(url, base) : undefined;
  if (absolute && /^https?:$/.test(absolute.protocol)) {
    if (!absolute.pathname.endsWith("/")) absolute.pathname += "/";
    [absolute.search, absolute.hash] = ["", ""];
    return absolute.href;
  }
  const expected = base ? "a URL of http or https" : "an absolute URL of http or https, as there is no page";
  throw new SeqgradError("value", `httpStore: the url is ${JSON.stringify(String(url))}; expected ${expected}.`);
}

/** The server's answer; undefined if it has no such file. */
async function ask(url: URL, method: "GET" | "HEAD"): Promise<Response | undefined> {
  let response: Response;
  try {
    response = await fetch(url, { method, headers: { accept: "application/octet-stream, application/json" } });
  } catch (cause) {
    const advice = "check the address and the network, and that the server allows this page by CORS";
    throw new SeqgradError("io", `httpStore: ${url} cannot be read: ${messageOf(cause)}; ${advice}.`, { cause });
  }
  const isPage = /^text\/html\b/.test(response.headers.get("content-type") ?? "") && !url.pathname.endsWith(".html");
  if (response.status === 404 || response.status === 410 || (response.ok && isPage)) return undefined;
  if (response.ok) return response;
  throw new SeqgradError("io", `httpStore: ${url} cannot be read: the server answered ${response.status} ${response.statusText}.`);
}
