/**
 * What a training needs of the platform it runs on, and the run it keeps there: in Node a folder
 * (`node/run-folder.ts`), anywhere else what implements `RunStore`.
 */
import type { PhotoReader } from "../data/photo-reader.ts";
import type { ImageCodec, TextRasterizer } from "../image/codec.ts";
import type { Image } from "../image/image.ts";
import type { Model } from "../models/model.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { MeansData } from "./metrics-log.ts";
import type { Leader } from "./ranks/leader.ts";
import type { RunConfig } from "./run-config.ts";
import type { PowerAverage, VectorName } from "./step/optimizer.ts";
import type { SpawnReplica } from "./step/replica.ts";

export interface TrainingPlatform {
  readonly runtime: Runtime;
  /** Reads the photos of the plan by their names. */
  readonly reader: PhotoReader;
  /** JPEGs for restoring them, letters for the sheets of samples. */
  readonly codec: ImageCodec & TextRasterizer;
  readonly spawn: SpawnReplica;
  /** How much memory decoded photos may hold; see `ExampleSource` for the default. */
  readonly photoCacheBytes?: number;
  /** Rank 0's word to the others, where several processes train together. */
  readonly leader?: Leader;
}

/** The state of a training as its vectors whole, wherever their parts are held. */
export interface StateAccess {
  /** Numbers of each vector. */
  readonly length: number;
  /** The vectors that it has. */
  readonly names: readonly VectorName[];
  /** Updates carried out. */
  step: number;
  /** A whole vector, not to be changed. It may be one that was put together for the caller. */
  read(name: VectorName): Promise<Float32Array>;
  /** Sets the numbers of a vector from `at` on. */
  write(name: VectorName, at: number, part: Float32Array): Promise<void>;
}

/** What a checkpoint says besides the vectors. */
export interface Counters {
  /** Images seen, counting repetitions: also the number of the next image. */
  readonly images: number;
  /** Means not yet recorded. */
  readonly means: MeansData;
  /** Images seen when the power-function averages began, where they are kept. */
  readonly averagesBegan?: number;
}

/** The power-function averages after so many images; see `power-average.ts`. */
export interface Snapshot {
  readonly images: number;
  /** Images seen when they began. */
  readonly began: number;
  /** Numbers of each. */
  readonly length: number;
  read(name: PowerAverage): Promise<Float32Array>;
}

/** Snapshots that are kept beside a run. */
export interface SnapshotStore {
  /** Keeps one, in half precision; it replaces another one after as many images. */
  write(snapshot: Snapshot): Promise<void>;
  /** Forgets those whose number of images is not to be kept. */
  retain(keep: (images: number) => boolean): Promise<void>;
}

/** What every line of statistics has. */
export interface StatsLine {
  readonly images: number;
  /** What depends on the clock and the machine. */
  readonly machine: Readonly<Record<string, unknown>>;
}

/**
 * An open run. Each method that writes replaces what is there whole or not at all; each throws a
 * PaletteError in one line when it cannot write.
 */
export interface RunStore {
  /** Where the averaged weights are kept, in words for people: a folder in Node. */
  readonly model: string;
  /** The configuration of the run that goes on; undefined when nothing was trained here yet. */
  readonly earlier?: RunConfig;

  /**
   * Reads the checkpoint into `state`. Undefined, and nothing is changed, when there is none.
   * @throws PaletteError when it is damaged or of another network.
   */
  readCheckpoint(state: StateAccess): Promise<Counters | undefined>;
  /**
   * @throws PaletteError, too, when a number of the state is not finite: it is not worth keeping.
   */
  writeCheckpoint(state: StateAccess, counters: Counters): Promise<void>;
  /** Replaces the model: the averaged weights, to be used. */
  writeModel(model: Model): Promise<void>;
  /** Where the store can keep snapshots. */
  readonly snapshots?: SnapshotStore;

  /** Adds a line of statistics. */
  addStats(line: StatsLine & Record<string, unknown>): Promise<void>;
  /** Makes sure that the lines outlast a crash: a checkpoint relies on them. */
  syncStats(): Promise<void>;
  /**
   * Drops the lines about images after `images`, which will be seen again, and a line cut short.
   * Gives after how many images the last line was written.
   */
  rewindStats(images: number): Promise<number | undefined>;

  /** Seconds of training up to the checkpoint, which itself does not depend on the clock. */
  readClock(): Promise<number>;
  writeClock(seconds: number): Promise<void>;

  /** Whether there is a sheet of samples of the weights after so many images. */
  hasSheet(images: number): Promise<boolean>;
  /** Keeps a sheet of samples and gives its name. */
  writeSheet(images: number, sheet: Image): Promise<string>;

  /** Adds a line, with the time, to the log for people. That it fails stops nothing. */
  log(line: string): void;
  /** Lets others write to the run. */
  close(): Promise<void>;
}
