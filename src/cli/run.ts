/** The command line as a function of its arguments. */
import { readFile } from "node:fs/promises";
import { Command, CommanderError, Help } from "commander";
import { SaidByRank0 } from "../training/ranks/said-by-rank0.ts";
import { PaletteError, reasonOf, UsageError } from "../util/errors.ts";
import { refuseRepetition } from "./arguments.ts";
import { commands } from "./commands/index.ts";
import { log } from "./console.ts";
import { Interrupted } from "./interrupt.ts";

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
    .configureHelp({ showGlobalOptions: true, subcommandTerm: termOf })
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
  for (const { name, description } of commands) {
    program.command(name).description(description);
  }
  // Options are declared when their command is asked for.
  program.hook("preSubcommand", async (_, command) => {
    await commands.find(({ name }) => name === command.name())?.declare(command);
    refuseRepetition(command);
  });
  return program;
}

/** A command in a list of commands, with its arguments. */
function termOf(command: Command): string {
  const usage = commands.find(({ name }) => name === command.name())?.usage;
  // A command of a command is declared in full.
  if (usage === undefined) return new Help().subcommandTerm(command);
  return `${command.name()} ${usage}`.trimEnd();
}

/** Prints what went wrong, in one line unless more is wanted, and says the exit code. */
function report(error: unknown, verbose: boolean): number {
  // Commander has printed its own complaints, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof Interrupted) {
    log("palette: stopped.");
    return error.exitCode;
  }
  if (error instanceof SaidByRank0) return 1;
  if (error instanceof PaletteError) log(`palette: ${error.message}`);
  else log(`palette: unexpected: ${reasonOf(error)} (--verbose shows where; please report it)`);
  if (verbose && error instanceof Error) log(error.stack ?? "");
  return error instanceof UsageError ? 2 : 1;
}
