/** What a training needs of the platform it runs on. */
import type { PhotoReader } from "../data/photo-reader.ts";
import type { ImageCodec, TextRasterizer } from "../image/codec.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { SpawnReplica } from "./step/replica.ts";

export interface TrainingPlatform {
  readonly runtime: Runtime;
  /** Reads the photos of the plan by their names. */
  readonly reader: PhotoReader;
  /** JPEGs for restoring them, letters for the sheets of samples. */
  readonly codec: ImageCodec & TextRasterizer;
  readonly spawn: SpawnReplica;
}
