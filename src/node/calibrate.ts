/** Models prepared for sampling in 8 bits, from folders of photos. */

import { splitHoldOut } from "../data/hold-out.ts";
import { leftOutNotes } from "../data/photo-reader.ts";
import type { Model } from "../models/model.ts";
import { nodeRuntime } from "../runtime/node/index.ts";
import { type CalibrationOptions, calibrate } from "../training/calibrate.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { nodeCodec, photoFiles } from "./codec.ts";
import { findModel, loadModel } from "./model-folder.ts";
import { scanPhotoSets } from "./photo-folders.ts";

export interface FolderCalibrationOptions extends Omit<CalibrationOptions, "photos" | "onSkip"> {
  /** Folders of photos, or tar shards; best those that the model was trained on. */
  readonly data: readonly string[];
  /** Told of photos that cannot be used. */
  readonly onNote?: (line: string) => void;
}

/**
 * The model with what sampling in int8 needs. Photos that its training held out are not looked at.
 * @param nameOrFolder default: the newest bundled model
 * @throws PaletteError as `loadModel` and `calibrate`, and when a folder holds no photos.
 */
export async function calibrated(
  nameOrFolder: string | undefined,
  { data, onNote, ...options }: FolderCalibrationOptions,
): Promise<Model> {
  const { config, parameters } = await loadModel(await findModel(nameOrFolder));
  const sets = await scanPhotoSets(data);
  for (const note of leftOutNotes(sets.flatMap(({ leftOut = [] }) => leftOut))) onNote?.(note);
  const rule = config.training?.photos?.holdOut ?? "none";
  const { train } = splitHoldOut(
    sets.map(({ photos }) => photos),
    rule,
  );
  const platform = { runtime: nodeRuntime, reader: photoFiles, codec: nodeCodec };
  const onSkip = onNote && ((path: string, reason: string) => onNote(`${path}: ${reason}`));
  const given = { ...options, photos: train, ...omitUndefined({ onSkip }) };
  const int8 = await calibrate({ config, parameters }, platform, given);
  return { config: { ...config, int8 }, parameters };
}
