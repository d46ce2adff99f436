/** The files of a version of the site, as its service worker knows them. */
export interface Manifest {
  /** A hash over all files. */
  readonly version: string;
  /** The files by their paths from the site's root, with hashes of their content. */
  readonly files: Readonly<Record<string, string>>;
  /** The pages that are in the file `pages.json` too, so that one request brings all of them. */
  readonly packed: readonly string[];
  /** The files that are kept first: those of the pages where a visit begins. */
  readonly first: readonly string[];
}

/** The key of a file in the cache. It names the content, so that an unchanged file is not fetched again for a new version. */
export const contentAddress = (scope: URL, file: string, hash: string): string => new URL(`${file}?content=${hash}`, scope).href;

/**
 * Registers the service worker of the site. `say` gets a line about offline use; `offer` is called when a new version waits, with a function
 * that changes to it. The page reloads once by itself, on the first visit, to become isolated.
 */
export async function startOffline(say: (text: string) => void, offer: (change: () => void) => void): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const { serviceWorker } = navigator;
  const root = document.documentElement.dataset.root ?? "./";
  const controlled = serviceWorker.controller !== null;
  let changing = false;
  serviceWorker.addEventListener("controllerchange", () => {
    const first = !controlled && !crossOriginIsolated && sessionStorage.seqgradIsolated === undefined;
    if (first) sessionStorage.seqgradIsolated = "tried";
    if (first || changing) location.reload();
  });
  serviceWorker.addEventListener("message", ({ data }: MessageEvent<{ type: string }>) => {
    if (data.type === "ready") say("This site is kept in your browser: it works offline.");
  });
  const registration = await serviceWorker.register(`${root}sw.js`, { scope: root });
  const offered = (worker: ServiceWorker | null) => {
    if (!worker || !serviceWorker.controller) return;
    offer(() => {
      changing = true;
      worker.postMessage("take over");
    });
  };
  offered(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => {
      if (worker.state === "installed") offered(worker);
    });
  });
  const { active } = await serviceWorker.ready;
  active?.postMessage("keep all");
}
