/** The command line as a function of its arguments. */
import { readFile } from "node:fs/promises";
import { Command, CommanderError } from "commander";
import { PaletteError, reasonOf, UsageError } from "../util/errors.ts";
import { benchCommand } from "./bench.ts";
import { log } from "./console.ts";
import { evaluateCommand } from "./evaluate.ts";
import { exportCommand } from "./export.ts";
import { importCommand } from "./import.ts";
import { infoCommand } from "./info.ts";
import { Interrupted } from "./interrupt.ts";
import { netsCommand } from "./nets.ts";
import { panoramaCommand } from "./panorama.ts";
import { restoreCommands } from "./restore.ts";
import { trainCommand } from "./train.ts";

/**
 * Runs a command; `argv` are the arguments after the program's name.
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C
 */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    const program = await createProgram();
    await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    const verbose = argv.includes("--verbose");
    return report(error, verbose);
  }
}

async function createProgram(): Promise<Command> {
  const manifest = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const program = new Command("palette")
    .description("Image-to-image diffusion: colorize, inpaint, uncrop and restore photos.")
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "show this help")
    .option("--verbose", "add the stack to an error")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({
      // Commander adds a suggestion on a line of its own: an error is one line.
      outputError: (text, write) => {
        const line = text
          .trim()
          .replace(/^error: /, "")
          .replaceAll("\n", " ");
        write(`palette: ${line} (--help shows the options)\n`);
      },
    });
  restoreCommands(program);
  panoramaCommand(program);
  trainCommand(program);
  evaluateCommand(program);
  importCommand(program);
  exportCommand(program);
  infoCommand(program);
  benchCommand(program);
  netsCommand(program);
  return program;
}

/** Prints what went wrong, in one line unless more is wanted, and says the exit code. */
function report(error: unknown, verbose: boolean): number {
  // Commander has printed its own complaints, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof Interrupted) {
    log("palette: stopped.");
    return error.exitCode;
  }
  if (error instanceof PaletteError) log(`palette: ${error.message}`);
  else log(`palette: unexpected: ${reasonOf(error)} (--verbose shows where; please report it)`);
  if (verbose && error instanceof Error) log(error.stack ?? "");
  return error instanceof UsageError ? 2 : 1;
}
