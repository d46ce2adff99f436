/**
 * The service worker: keeps the whole site in this browser, so that it works with the server stopped, and sends the headers that isolate the
 * pages, so that WebAssembly may use threads on hosts that set no headers.
 *
 * A version of the site is a cache of its own. On the first visit it holds the shell's files, and the others follow when the page asks.
 * A later version is fetched whole before it waits; pages that are open keep theirs until they reload.
 */
import { contentAddress, type Manifest } from "./offline.js";

type Extendable<E> = E & { waitUntil(work: Promise<unknown>): void };

/** The part of a service worker's global scope that is used here; the library of DOM types has none of it. */
interface Scope {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listen: (event: Extendable<Event>) => void): void;
  addEventListener(type: "message", listen: (event: Extendable<MessageEvent>) => void): void;
  addEventListener(type: "fetch", listen: (event: { request: Request; respondWith(response: Promise<Response>): void }) => void): void;
}
declare const self: Scope;

/** Put here by the build: every file of the site with the hash of its content. */
declare const MANIFEST: Manifest;

const PREFIX = "seqgrad-site-";
const name = PREFIX + MANIFEST.version;
const scope = new URL(self.registration.scope);

const isolating = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** The response with the headers that isolate a page. */
function isolated(response: Response): Response {
  if (response.type === "opaque" || response.type === "opaqueredirect" || response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [key, value] of Object.entries(isolating)) headers.set(key, value);
  const body = [204, 304].includes(response.status) ? null : response.body;
  return new Response(body, { status: response.status, statusText: response.statusText, headers });
}

/** Puts files of this version into its cache: from the cache of another version where the content is the same, else from the server. */
async function keep(files: readonly string[], report: (done: number) => void = () => {}): Promise<void> {
  const cache = await caches.open(name);
  const others = (await caches.keys()).filter((each) => each.startsWith(PREFIX) && each !== name);
  let done = 0;
  const take = async (file: string) => {
    const address = contentAddress(scope, file, MANIFEST.files[file] ?? "");
    if (!(await cache.match(address))) {
      const known = (await Promise.all(others.map(async (other) => (await caches.open(other)).match(address)))).find(Boolean);
      const response = known ?? (await fetch(new URL(file, scope), { cache: "no-cache" }));
      if (!response.ok) throw new Error(`The file ${file} of the site was not found (status ${response.status}).`);
      await cache.put(address, response);
    }
    report(++done);
  };
  const waiting = [...files];
  const line = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await take(file);
  };
  await Promise.all([line(), line(), line(), line()]);
}

const all = Object.keys(MANIFEST.files);

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.keys().then((names) => keep(names.some((each) => each.startsWith(PREFIX) && each !== name) ? all : MANIFEST.first)),
  );
});

self.addEventListener("activate", (event) => {
  const clean = async () => {
    for (const each of await caches.keys()) if (each.startsWith(PREFIX) && each !== name) await caches.delete(each);
    await self.clients.claim();
  };
  event.waitUntil(clean());
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") event.waitUntil(self.skipWaiting());
  if (event.data !== "keep all") return;
  const { source } = event;
  event.waitUntil(
    keep(all).then(
      () => source?.postMessage({ type: "ready" }),
      () => source?.postMessage({ type: "incomplete" }),
    ),
  );
});

const packed = new Set(MANIFEST.packed);
const PACK = "pages.json";
let pack: Promise<Readonly<Record<string, string>> | undefined> | undefined;

const kept = async (file: string) => (await caches.open(name)).match(contentAddress(scope, file, MANIFEST.files[file] ?? ""));

/** A page of the pack, once the pack is kept. */
async function packedPage(file: string): Promise<Response | undefined> {
  pack ??= kept(PACK).then((response) => response?.json());
  const pages = await pack;
  if (!pages) pack = undefined;
  const html = pages?.[file];
  return html === undefined ? undefined : new Response(html, { headers: { "Content-Type": "text/html; charset=utf-8" } });
}

/** The file of a request, if it is one of the site. */
function fileOf(url: URL): string | undefined {
  if (url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname)) return undefined;
  const path = decodeURIComponent(url.pathname.slice(scope.pathname.length));
  const file = path === "" || path.endsWith("/") ? `${path}index.html` : path;
  return file in MANIFEST.files || packed.has(file) ? file : undefined;
}

async function answer(request: Request, file: string | undefined): Promise<Response> {
  const known = file === undefined ? undefined : packed.has(file) ? await packedPage(file) : await kept(file);
  return isolated(known ?? (await fetch(request)));
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  event.respondWith(answer(request, fileOf(new URL(request.url))));
});
