/** The commands of `palette study` and their options. */
import { type Command, Option } from "commander";
import type { VariantChoice } from "../../evaluation/protocol/conditions.ts";
import type { Device } from "../../runtime/runtime.ts";
import { studyDefaults } from "../../study/settings.ts";
import { tasks } from "../../tasks/registry.ts";
import {
  collecting,
  deviceOption,
  listAmong,
  numberBetween,
  threadsOption,
  wholeNumber,
} from "../arguments.ts";
import { variantOptions, variantsIn } from "./evaluate.ts";

export interface StudyNewFlags {
  readonly model?: string[];
  readonly data: string[];
  readonly tasks?: string[];
  readonly variants: VariantChoice;
  readonly steps: string;
  readonly holdOut?: string;
  readonly seed: number;
  readonly title?: string;
  readonly consent?: string;
  readonly pairs: number;
  readonly subjects: number;
  readonly trials?: number;
  readonly practice: number;
  readonly checks: number;
  readonly failuresAllowed: number;
  readonly seconds: number;
  readonly input: number;
  readonly size?: number;
  readonly device: Device;
  readonly threads?: number;
}

export interface StudyServeFlags {
  readonly host: string;
  readonly port?: number;
  readonly public?: string;
  readonly links?: number;
  readonly open?: boolean;
}

export interface StudyReportFlags {
  readonly json?: boolean;
}

export interface StudySubjectFlags {
  readonly delete?: boolean;
}

const { pairs, subjects, trials, practice, checks, failuresAllowed } = studyDefaults;

export function declareStudy(command: Command): void {
  const making = command
    .command("new")
    .description(
      "Make a study: the pairs of photo and answer, once. The same command again goes on where it was stopped.",
    )
    .argument("<study>", "its folder")
    .optionsGroup("What is compared:")
    .addOption(
      collecting(
        new Option(
          "--model <name>",
          "a model's folder or name, once for each (default: the bundled model)",
        ),
        (name) => name,
      ),
    )
    .requiredOption(
      "--data <dir...>",
      "folders of photos, or tar shards, that the models have not seen",
    )
    .option(
      "--tasks <names>",
      "with commas (default: those of the models)",
      listAmong(
        "task",
        tasks.map(({ name }) => name),
      ),
    );
  for (const option of variantOptions(tasks)) making.addOption(option);
  making
    .option("--steps <steps>", "how answers are drawn, as in evaluate", studyDefaults.steps)
    .option("--hold-out <rule>", "of these photos only the held-out ones, as in evaluate")
    .option("--seed <n>", "of all randomness", wholeNumber(0), studyDefaults.seed)
    .addOption(deviceOption())
    .addOption(threadsOption())
    .optionsGroup("How it is asked:")
    .option("--title <text>", "shown to subjects (default: the question)")
    .option("--consent <file>", "a text instead of the page's own about what is kept and why")
    .option("--pairs <n>", "photos, each with every model's answer", wholeNumber(1), pairs)
    .option("--subjects <n>", "subjects that are planned", wholeNumber(1), subjects)
    .option(
      "--trials <n>",
      `pairs that a subject sees (default: ${trials}, or half of --pairs)`,
      wholeNumber(1),
    )
    .option(
      "--practice <n>",
      "practice trials, with the right answer",
      wholeNumber(0, 50),
      practice,
    )
    .option("--checks <n>", "trials with a plain right answer", wholeNumber(0, 50), checks)
    .option(
      "--failures-allowed <n>",
      "checks that a subject may fail and still count",
      wholeNumber(0, 50),
      failuresAllowed,
    )
    .option(
      "--seconds <s>",
      "how long a pair is shown",
      numberBetween(0.2, 60),
      studyDefaults.seconds,
    )
    .option(
      "--input <s>",
      "how long what was degraded is shown before; 0 for not at all",
      numberBetween(0, 60),
      studyDefaults.inputSeconds,
    )
    .option(
      "--size <pixels>",
      "the side of a picture as shown (default: the models', times what makes at least 256)",
      wholeNumber(16, 2048),
    )
    .action(async (folder: string, flags: StudyNewFlags) =>
      (await import("../study.ts")).newStudy(folder, { ...flags, variants: variantsIn(flags) }),
    );
  command
    .command("serve")
    .description("Serve a study until it is stopped; votes are on the disk before they count.")
    .argument("<study>", "its folder")
    .option("--host <address>", "where to listen", "127.0.0.1")
    .option("--port <number>", "the port (default: 7870, or a free one)", wholeNumber(0, 65_535))
    .option(
      "--public <url>",
      "the address that subjects open, as behind a proxy: https://example.org/study/",
    )
    .option(
      "--links <n>",
      "print so many personal links; nobody else can take part",
      wholeNumber(1, 10_000),
    )
    .option("--open", "let others take part besides, by the study's own address")
    .action(async (folder: string, flags: StudyServeFlags) =>
      (await import("../study.ts")).serveStudy(folder, flags),
    );
  command
    .command("report")
    .description("Write report.html, report.json and votes.csv into the study's folder.")
    .argument("<study>", "its folder")
    .option("--json", "print the report as JSON on stdout")
    .action(async (folder: string, flags: StudyReportFlags) =>
      (await import("../study.ts")).reportStudy(folder, flags),
    );
  command
    .command("subject")
    .description("Print all that is kept of one subject as JSON, or delete it.")
    .argument("<study>", "its folder")
    .argument("<word>", "the word behind # in their link, or their completion code")
    .option("--delete", "delete it")
    .action(async (folder: string, word: string, flags: StudySubjectFlags) =>
      (await import("../study.ts")).studySubject(folder, word, flags),
    );
}
