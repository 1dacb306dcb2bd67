/** The options of `palette studio`. */
import { type Command, Option } from "commander";
import { defaultLimits, studioDefaults } from "../../studio/server/limits.ts";
import { collecting, numberBetween, threadsOption, wholeNumber } from "../arguments.ts";

export interface StudioFlags {
  readonly folder?: string;
  readonly host: string;
  readonly port?: number;
  readonly token?: string | true;
  readonly auth: boolean;
  readonly allowHost?: string[];
  readonly open: boolean;
  readonly model?: string[];
  readonly threads?: number;
  readonly jobs: number;
  readonly queue: number;
  readonly maxUpload: number;
  readonly maxPixels: number;
  readonly timeLimit: number;
  readonly grace: number;
}

const mebibyte = 2 ** 20;
const { queue, uploadBytes, pixels, jobTime } = defaultLimits;
const { host, port, grace } = studioDefaults;

/** An option whose values are collected as they are. */
const several = (flags: string, description: string) =>
  collecting(new Option(flags, description), (value) => value);

export function declareStudio(command: Command): void {
  command
    .argument("[folder]", "a folder of photos to show; answers are saved beside them")
    .option("--folder <path>", "the same")
    .option("--host <address>", "where to listen", host)
    .option(
      "--port <number>",
      `the port (default: ${port}, or a free one when it is taken)`,
      wholeNumber(0, 65_535),
    )
    .option("--token [word]", "ask visitors for this word; without one, for a new one")
    .option("--no-auth", "ask for no token, though others can reach the address")
    .addOption(several("--allow-host <name>", "a host name that it is reached by (repeatable)"))
    .option("--no-open", "do not open the browser")
    .addOption(
      several(
        "--model <folder>",
        "a model's folder or name (repeatable; default: the bundled models)",
      ),
    )
    .addOption(threadsOption())
    .option("--jobs <count>", "jobs at a time", wholeNumber(1, 64), 1)
    .option("--queue <count>", "jobs that wait at most", wholeNumber(1, 100_000), queue)
    .option(
      "--max-upload <MiB>",
      "the largest request",
      numberBetween(0.01, 2000),
      uploadBytes / mebibyte,
    )
    .option(
      "--max-pixels <megapixels>",
      "the largest photo and answer",
      numberBetween(0.01, 268),
      pixels / 1e6,
    )
    .option(
      "--time-limit <minutes>",
      "the longest job",
      numberBetween(0.01, 100_000),
      jobTime / 60_000,
    )
    .option(
      "--grace <seconds>",
      "how long jobs that run may go on when it is stopped",
      numberBetween(0, 100_000),
      grace / 1000,
    )
    .action(async (folder: string | undefined, flags: StudioFlags) =>
      (await import("../studio.ts")).studio(folder, flags),
    );
}
