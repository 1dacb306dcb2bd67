/**
 * All commands. The overview needs their names and descriptions only: the options of a command are
 * loaded when it is asked for, and what carries it out when it runs.
 */
import type { Command } from "commander";
import { tasks } from "../../tasks/registry.ts";
import type { Task } from "../../tasks/task.ts";

export interface CommandEntry {
  readonly name: string;
  /** Its arguments, for the overview. */
  readonly usage: string;
  readonly description: string;
  /** Adds arguments, options and the action. */
  declare(command: Command): Promise<void>;
}

export const commands: readonly CommandEntry[] = [
  ...tasks.map(taskCommand),
  {
    name: "panorama",
    usage: "<image...>",
    description: "Continues a photo far to the left and right, half a window at a time.",
    declare: async (command) => (await import("./panorama.ts")).declarePanorama(command),
  },
  {
    name: "studio",
    usage: "[folder]",
    description: "Opens the page where photos are restored, and serves its HTTP API.",
    declare: async (command) => (await import("./studio.ts")).declareStudio(command),
  },
  {
    name: "train",
    usage: "",
    description:
      "Train a model on folders of photos. The same command again continues a run; Ctrl-C saves and stops.",
    declare: async (command) => (await import("./train.ts")).declareTrain(command),
  },
  {
    name: "distill",
    usage: "",
    description:
      "Tune a trained model into one that needs 1 to 4 network calls instead of 20. The same command again continues.",
    declare: async (command) => (await import("./distill.ts")).declareDistill(command),
  },
  {
    name: "average",
    usage: "<run>",
    description:
      "Makes a model of a run's averaged weights, the average's length chosen after the training, or compares lengths.",
    declare: async (command) => (await import("./average.ts")).declareAverage(command),
  },
  {
    name: "calibrate",
    usage: "[model]",
    description: "Makes a model that can be sampled in 8 bits (--precision int8), which is faster.",
    declare: async (command) => (await import("./calibrate.ts")).declareCalibrate(command),
  },
  {
    name: "shards",
    usage: "<photos>",
    description:
      "Makes tar shards of a folder of photos, at the size that training needs. The same command again continues.",
    declare: async (command) => (await import("./shards.ts")).declareShards(command),
  },
  {
    name: "evaluate",
    usage: "",
    description:
      "Measure models as the paper does: FID, KID, IS, CA, PD and diversity, with tables, pictures and charts. The same command again continues; with more models, steps or tasks it computes only what is new.",
    declare: async (command) => (await import("./evaluate.ts")).declareEvaluate(command),
  },
  {
    name: "fid",
    usage: "<a> <b>",
    description: "Compare two folders of pictures: FID, KID, IS and PD.",
    declare: async (command) => (await import("./fid.ts")).declareFid(command),
  },
  {
    name: "study",
    usage: "new|serve|report|subject",
    description:
      "Ask people which picture is from a camera: the paper's fool rate, by a page that you serve.",
    declare: async (command) => (await import("./study.ts")).declareStudy(command),
  },
  {
    name: "experiment",
    usage: "<study...>",
    description:
      "Carries out studies, each a file of trainings and evaluations with its claims, and writes one page of verdicts. The same command again continues.",
    declare: async (command) => (await import("./experiment.ts")).declareExperiment(command),
  },
  {
    name: "import",
    usage: "<file>",
    description:
      "Makes a model's folder from a checkpoint of the PyTorch Palette (N_Network.pth); no code in it is run.",
    declare: async (command) => (await import("./import.ts")).declareImport(command),
  },
  {
    name: "export",
    usage: "[model]",
    description: "Writes a model as an ONNX file of one network call, or as tensors for PyTorch.",
    declare: async (command) => (await import("./export.ts")).declareExport(command),
  },
  {
    name: "info",
    usage: "[name]",
    description: "Shows a model's or a preset's parameters, memory, training and layers.",
    declare: async (command) => (await import("./info.ts")).declareInfo(command),
  },
  {
    name: "bench",
    usage: "",
    description: "Measures how fast a network trains and samples on this machine.",
    declare: async (command) => (await import("./bench.ts")).declareBench(command),
  },
  {
    name: "doctor",
    usage: "",
    description:
      "Shows which devices there are and whether each computes what the processor does; its last line is for a report of a bug.",
    declare: async (command) => (await import("./doctor.ts")).declareDoctor(command),
  },
  {
    name: "features",
    usage: "",
    description: "List and download the feature networks that measure pictures.",
    declare: async (command) => (await import("./features.ts")).declareFeatures(command),
  },
];

/** The command of a task. */
export function taskCommand(task: Task): CommandEntry {
  return {
    name: task.command ?? task.name,
    usage: "<image...>",
    description: task.description,
    declare: async (command) => (await import("./restore.ts")).declareRestore(command, task),
  };
}
