#!/usr/bin/env node
import { main } from "./cli/main.js";

// Whoever reads has enough, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`seqgrad: stdout cannot be written: ${error.message}.\n`);
  process.exit(1);
});

process.exitCode = await main(process.argv.slice(2));
