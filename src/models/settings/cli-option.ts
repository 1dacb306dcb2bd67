/** How a setting is spelled on the command line: metadata of its schema, for `palette train`. */
import { z } from "zod";

/** A setting's command line option. Its values, range and default follow from the schema. */
export interface CliOption {
  /** As commander takes it: "--lr <rate>". */
  readonly flag: string;
  readonly description: string;
  /** What a wrong value is answered with, after "Give": "a number above 0". */
  readonly expects?: string;
}

/** The options of all settings that have one. */
export const cliOptions = z.registry<CliOption>();
