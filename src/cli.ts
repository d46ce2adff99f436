#!/usr/bin/env node
import { main } from "./cli/main.js";

// Nobody reads stdout any more, as after `| head`: enough for a command that only prints. A run that trains saves a checkpoint first.
process.stdout.once("error", (error: NodeJS.ErrnoException) => {
  const isRead = error.code !== "EPIPE";
  if (isRead) process.stderr.write(`seqgrad: stdout cannot be written: ${error.message}.\n`);
  process.stdout.on("error", () => {});
  if (!process.emit("SIGTERM", "SIGTERM")) process.exit(isRead ? 1 : 0);
});
process.stderr.on("error", () => {}); // nothing can be said about it

process.exitCode = await main(process.argv.slice(2));
