/** Carries out the jobs of an experiment: trains a model, or has a set answered and measured. */
import { answersOf, removeAnswers } from "../experiment/answers.ts";
import { callsOf, type Job, type PlannedSet, type PlannedTraining } from "../experiment/planned.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { nodeCodec } from "./codec.ts";
import type { ExperimentFolder } from "./experiment-folder.ts";
import { ExperimentTools, type ToolOptions } from "./experiment-tools.ts";
import { train } from "./training.ts";

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Told a line about each job. */
  readonly onLine?: (line: string) => void;
  readonly onProgress?: (progress: ExperimentProgress) => void;
}

export interface ExperimentProgress {
  readonly what: "training" | "answering" | "measuring";
  readonly done: number;
  readonly total: number;
}

export class JobRunner {
  private readonly folder: ExperimentFolder;
  private readonly options: ToolOptions;
  private readonly tools: ExperimentTools;

  constructor(folder: ExperimentFolder, options: ToolOptions) {
    this.folder = folder;
    this.options = options;
    this.tools = new ExperimentTools(folder, options);
  }

  /**
   * Writes what a job makes to the folder.
   * @returns false when another process is at it, or its training is not there
   * @throws the signal's reason when aborted
   */
  async run(job: Job, options: RunOptions): Promise<boolean> {
    if (job.kind === "set" && !(await this.isTrained(job.set))) {
      options.onLine?.("  its training is not there yet");
      return false;
    }
    const lock = await (job.kind === "training"
      ? this.folder.lock("trainings", job.training.key)
      : this.folder.lock("sets", job.set.key));
    if (lock === undefined) {
      options.onLine?.("  another process is at it: left to that one");
      return false;
    }
    try {
      if (job.kind === "training") await this.train(job.training, options);
      else await this.measure(job.set, options);
      return true;
    } finally {
      await lock.release();
    }
  }

  private async isTrained({ source }: PlannedSet): Promise<boolean> {
    return typeof source === "string" || (await this.folder.trainingDone(source)) !== undefined;
  }

  private async train(
    training: PlannedTraining,
    { signal, onProgress }: RunOptions,
  ): Promise<void> {
    await this.tools.closeModel();
    const before = await this.folder.startFromShorter(training);
    const { images, label } = training;
    const never = Number.MAX_SAFE_INTEGER;
    const outcome = await train(training.plan, {
      out: this.folder.runFolder(training),
      images,
      ...{ heldOutEvery: never, samplesEvery: never, lastValidation: false },
      ...omitUndefined({ signal, device: this.options.device }),
      reporter: {
        line() {},
        progress: (progress) =>
          onProgress?.({ what: "training", done: progress.images, total: images }),
      },
    });
    if (outcome.end === "stopped") signal?.throwIfAborted();
    await this.folder.writeTrainingDone(training, {
      ...{ label, images },
      trained: outcome.images - before.images,
      seconds: outcome.seconds - before.seconds,
      total: outcome.seconds,
    });
  }

  private async measure(set: PlannedSet, { signal, onProgress }: RunOptions): Promise<void> {
    const { crops, measurer } = await this.tools.protocolOf(set.protocol, {
      ...omitUndefined({ signal }),
      onPicture: (done, total) => onProgress?.({ what: "measuring", done, total }),
    });
    const { samples, spent } = await answersOf(set, {
      ...{ store: this.folder, codec: nodeCodec, crops },
      open: () => this.tools.openModel(set.source),
      ...omitUndefined({ signal }),
      onPictures: (done, total) => onProgress?.({ what: "answering", done, total }),
    });
    const start = performance.now();
    const measures = await measurer.measure(set, samples);
    await this.folder.writeMeasured(set, {
      ...{ label: set.label, samples: set.samples, fid: set.fid, measures },
      spent: {
        calls: (callsOf(set) * spent.pictures) / set.protocol.crops,
        answering: spent.seconds,
        pictures: set.protocol.crops * set.samples,
        measuring: (performance.now() - start) / 1000,
      },
    });
    await removeAnswers(set, this.folder);
  }

  async dispose(): Promise<void> {
    await this.tools.dispose();
  }
}
