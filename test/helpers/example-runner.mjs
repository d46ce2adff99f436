// Runs pages in this process, one after another, as the parent names them; answers what each printed and the error it ended with.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

process.on("message", async (page) => {
  let output = "";
  for (const name of ["log", "warn", "error"]) {
    console[name] = (...args) => {
      output += `${format(...args)}\n`;
    };
  }
  const onWarning = (warning) => console.warn("Warning:", warning.message);
  process.on("warning", onWarning);
  const error = await import(pathToFileURL(resolve(page)).href).then(
    () => null,
    (reason) => String(reason?.stack ?? reason),
  );
  process.off("warning", onWarning);
  // As in a process of its own, the next page has no device yet.
  const { defaultDevice } = await import("../../dist/index.js");
  try {
    defaultDevice().destroy();
  } catch {
    // the page made none
  }
  process.send({ error, output });
});
