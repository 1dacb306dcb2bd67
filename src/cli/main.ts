#!/usr/bin/env node
/** The program `palette`. */
import { run } from "./run.ts";

// Whoever reads the output may stop reading it: `palette info ... | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});
process.exitCode = await run(process.argv.slice(2));
