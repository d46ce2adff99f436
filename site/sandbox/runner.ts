import libraryUrl from "seqgrad/seqgrad.min.mjs?url";
import workerUrl from "./inside.ts?worker&url";
import type { Control, FromSandbox, ToSandbox } from "./protocol.js";

/** In the frame: the code may compute, and reach nothing: neither the page, nor its storage, nor the network. */
const policy = "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:";

/** The frame's only script: it starts the worker from its text, and hands messages on. */
const frame = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}">
<script>
  addEventListener("message", ({ data, ports: [port] }) => {
    const worker = new Worker(URL.createObjectURL(new Blob([data], { type: "text/javascript" })));
    worker.onmessage = (event) => port.postMessage(event.data);
    worker.onerror = (event) => port.postMessage({ type: "failed", message: event.message || "The sandbox did not start.", line: undefined });
    port.onmessage = (event) => worker.postMessage(event.data);
  }, { once: true });
</script>`;

const texts = new Map<string, Promise<string>>();

/** The text of a file of the site, fetched once. */
function textOf(url: string): Promise<string> {
  const text =
    texts.get(url) ??
    fetch(url).then((response) => {
      if (!response.ok) throw new Error(`The site's file ${url} was not found (status ${response.status}). Reload the page.`);
      return response.text();
    });
  texts.set(url, text);
  text.catch(() => texts.delete(url));
  return text;
}

/** Code that runs in a sandbox, until it ends or is stopped. */
export class Run {
  private readonly element = document.createElement("iframe");
  private readonly channel = new MessageChannel();
  private stopped = false;

  /** Starts the code; `listen` gets what it shows, its end or its error. */
  constructor(code: string, controls: Readonly<Record<string, Control>>, listen: (message: FromSandbox) => void) {
    const { element, channel } = this;
    channel.port1.onmessage = ({ data }: MessageEvent<FromSandbox>) => {
      if (!this.stopped) listen(data);
    };
    element.setAttribute("sandbox", "allow-scripts");
    element.hidden = true;
    element.title = "Sandbox of the code";
    element.srcdoc = frame;
    const loaded = new Promise((resolve) => element.addEventListener("load", resolve, { once: true }));
    document.body.append(element);
    Promise.all([textOf(workerUrl), textOf(libraryUrl), loaded]).then(
      ([worker, library]) => {
        if (this.stopped) return;
        element.contentWindow?.postMessage(worker, "*", [channel.port2]);
        this.send({ type: "run", code, library, controls });
      },
      (error: Error) => listen({ type: "failed", message: error.message, line: undefined }),
    );
  }

  /** Gives a control another value, which the code reads with `control(name)`. */
  setControl(name: string, value: Control): void {
    this.send({ type: "control", name, value });
  }

  /** Holds the code at its next `show.frame()`, or lets it continue. */
  pause(paused: boolean): void {
    this.send({ type: "pause", paused });
  }

  /** Ends the code at once, also in an endless loop. */
  stop(): void {
    this.stopped = true;
    this.channel.port1.close();
    this.element.remove();
  }

  private send(message: ToSandbox): void {
    this.channel.port1.postMessage(message);
  }
}
