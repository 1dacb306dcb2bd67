/**
 * Studies on folders: pictures made once, kept by their digests, and the votes' report beside them.
 */
import { createHash } from "node:crypto";
import { access, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { EvaluationStore } from "../evaluation/platform.ts";
import type { EvaluationCondition } from "../evaluation/protocol/conditions.ts";
import { CropSource } from "../evaluation/protocol/crops.ts";
import { adoptSettings, pictureFile, RowTimes, readPicture } from "../evaluation/protocol/files.ts";
import {
  answerFiles,
  type GenerateProgress,
  generate,
  inputRow,
  originalsRow,
} from "../evaluation/protocol/generate.ts";
import type { EvaluationPlan } from "../evaluation/protocol/plan.ts";
import { type PlannedRow, plannedRows } from "../evaluation/protocol/rows.ts";
import type { Image } from "../image/image.ts";
import { nodeRuntime } from "../runtime/node/index.ts";
import type { Device } from "../runtime/runtime.ts";
import {
  checkSettings,
  parseStudyFile,
  photosNeeded,
  type Sheets,
  type Study,
  type StudyCell,
  type StudyPairs,
  type StudySettings,
  studyFiles,
  studyPairsSchema,
  studySettingsSchema,
} from "../study/settings.ts";
import { type PairOfPictures, plainlyWrong, sheetOf, shownSide } from "../study/sheet.ts";
import { configDiff } from "../util/config-diff.ts";
import { PaletteError } from "../util/errors.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { Random } from "../util/random.ts";
import { writeAtomically } from "./atomic-write.ts";
import { nodeCodec, photoFiles } from "./codec.ts";
import { planEvaluation } from "./evaluate.ts";
import { openEvaluationFolder } from "./evaluation-folder.ts";
import { claimFolder, folderKinds } from "./output-rule.ts";
import { leastPadded } from "./padded-png.ts";

export interface MakeStudyOptions {
  /** Folders of photos. */
  readonly data: readonly string[];
  readonly device?: Device;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Told, in a line, what a reader of the results should know. */
  readonly onNote?: (line: string) => void;
  readonly onProgress?: (progress: StudyProgress) => void;
}

export interface StudyProgress {
  readonly stage: "photos" | GenerateProgress["stage"] | "sheets";
  readonly done: number;
  readonly total: number;
}

/** Of the evaluation's pictures; they lie below the study. */
const picturesFolder = "evaluation";

/**
 * Makes a study, or goes on with one that was stopped. One that is made already stays as it is.
 * @throws PaletteError when the folder holds another one, or there are too few photos; the signal's
 * reason when aborted, with what was done kept.
 */
export async function makeStudy(
  folder: string,
  settings: StudySettings,
  options: MakeStudyOptions,
): Promise<Study> {
  checkSettings(settings);
  await claimFolder(folder, folderKinds.study);
  const isNew = await compareSettings(folder, settings);
  const made = await readMade(folder);
  if (made !== undefined) return { settings, made };
  const { signal, onProgress, onNote } = options;
  const plan = await planOf(settings, options);
  for (const note of plan.notes) onNote?.(note);
  // From here on the folder is this study's, and no other settings go on with it.
  if (isNew) {
    const file = join(folder, studyFiles.settings);
    await writeAtomically(file, `${JSON.stringify(settings, undefined, 2)}\n`);
  }
  const store = await openEvaluationFolder(join(folder, picturesFolder));
  try {
    await adoptSettings(store, plan.common);
    const crops = new CropSource({
      ...{ reader: photoFiles, photos: plan.photos, kind: plan.crop },
      ...{ resolution: plan.common.resolution, seed: plan.common.seed },
      counts: { evaluated: plan.crops, reference: 0 },
    });
    await generate({
      ...{ plan, crops, times: await RowTimes.open(store) },
      platform: { store, codec: nodeCodec, runtime: nodeRuntime },
      session: omitUndefined({ device: options.device, threads: options.threads }),
      ...omitUndefined({ signal, onProgress }),
    });
    const pairs = await makeSheets(folder, settings, plan, crops, store, options);
    await writeAtomically(join(folder, studyFiles.pairs), `${JSON.stringify(pairs)}\n`);
    return { settings, made: pairs };
  } finally {
    await store.close();
  }
}

/** @throws PaletteError where there is no study, or none that is made to its end */
export async function openStudy(folder: string): Promise<Study> {
  const file = join(folder, studyFiles.settings);
  const text = await readFile(file, "utf8").catch((cause) => {
    throw new PaletteError(`${folder} is no study; make one with palette study new.`, { cause });
  });
  const settings = parseStudyFile(studySettingsSchema, text, file);
  const made = await readMade(folder);
  if (made !== undefined) return { settings, made };
  throw new PaletteError(
    `The pictures of ${folder} are not all made; give the same palette study new again.`,
  );
}

async function readMade(folder: string): Promise<StudyPairs | undefined> {
  const file = join(folder, studyFiles.pairs);
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : parseStudyFile(studyPairsSchema, text, file);
}

/**
 * @returns whether there are none yet
 * @throws PaletteError naming the differences to those of the study that is there
 */
async function compareSettings(folder: string, settings: StudySettings): Promise<boolean> {
  const file = join(folder, studyFiles.settings);
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return true;
  const changed = configDiff(parseStudyFile(studySettingsSchema, text, file), settings);
  if (changed.length === 0) return false;
  throw new PaletteError(
    `${folder} is another study (${changed.join("; ")}): give the same settings to continue, or name another folder.`,
  );
}

async function planOf(
  settings: StudySettings,
  { data, onProgress }: MakeStudyOptions,
): Promise<EvaluationPlan> {
  const { models, tasks, variants, steps, holdOut, seed } = settings;
  const plan = await planEvaluation(
    {
      ...{ data, models, steps: [steps], samples: 1, seed, crop: "centre" },
      ...omitUndefined({ tasks, variants, holdOut }),
    },
    (done, total) => onProgress?.({ stage: "photos", done, total }),
  );
  const needed = photosNeeded(settings);
  const { pairs, practice, checks } = settings;
  if (plan.photos.length < needed) {
    throw new PaletteError(
      `The study takes ${needed} photos (${pairs} pairs, ${practice} for practice, ${checks} checks), and ${plan.photos.length} can be used: give more with --data, or lower --pairs.`,
    );
  }
  const fewer = needed < plan.photos.length && { fewerCropsThanPhotos: true as const };
  return { ...plan, crops: needed, common: { ...plan.common, ...fewer } };
}

interface Cell extends StudyCell {
  readonly of: EvaluationCondition;
  readonly planned: PlannedRow;
}

function cellsOf(plan: EvaluationPlan): Cell[] {
  return plan.conditions.flatMap((condition) =>
    plannedRows(plan, condition).map((planned) => ({
      ...{ condition: condition.id, task: condition.task.name, title: condition.title },
      ...{ model: planned.label, row: planned.id, of: condition, planned },
    })),
  );
}

async function makeSheets(
  folder: string,
  settings: StudySettings,
  plan: EvaluationPlan,
  crops: CropSource,
  store: EvaluationStore,
  { signal, onProgress }: MakeStudyOptions,
): Promise<StudyPairs> {
  const { pairs, practice, checks, inputSeconds, seed } = settings;
  const { resolution } = plan.common;
  const side = settings.side ?? shownSide(resolution);
  const cells = cellsOf(plan);
  const total = pairs * cells.length + practice + checks;
  let [done, longest] = [0, 0];
  const read = (name: string) => readPicture(store, nodeCodec, name);
  const keep = async (image: Image): Promise<string> => {
    const file = await nodeCodec.encode(image, "png");
    longest = Math.max(longest, file.length);
    const digest = createHash("sha256").update(file).digest("hex").slice(0, 32);
    const path = join(folder, studyFiles.sheet(digest));
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (!isThere) await writeAtomically(path, file);
    return digest;
  };
  const sheets = async (pictures: PairOfPictures): Promise<Sheets> => {
    signal?.throwIfAborted();
    const kept = {
      left: await keep(sheetOf(pictures, "left", side)),
      right: await keep(sheetOf(pictures, "right", side)),
    };
    onProgress?.({ stage: "sheets", done: ++done, total });
    return kept;
  };
  const truthOf = (index: number) => read(pictureFile(originalsRow, originalsRow, index));
  const input = async ({ condition }: StudyCell, index: number) =>
    inputSeconds === 0 ? {} : { input: await read(pictureFile(condition, inputRow, index)) };
  await refuseDoubles(plan, crops, store);
  const pair = async (cell: Cell, index: number): Promise<PairOfPictures> => {
    const [answer = ""] = answerFiles(cell.of, cell.planned, index);
    return {
      ...{ truth: await truthOf(index), answer: await read(answer) },
      ...(await input(cell, index)),
    };
  };
  const cellOf = (k: number) => cells[k % cells.length]!;

  const made: Record<"pairs" | "practice" | "checks", Sheets[]> = {
    ...{ pairs: [], practice: [], checks: [] },
  };
  for (let photo = 0; photo < pairs; photo++) {
    for (const cell of cells) made.pairs.push(await sheets(await pair(cell, photo)));
  }
  for (let k = 0; k < practice; k++) {
    made.practice.push(await sheets(await pair(cellOf(k), pairs + k)));
  }
  for (let k = 0; k < checks; k++) {
    const index = pairs + practice + k;
    const truth = await truthOf(index);
    const answer = plainlyWrong(truth, Random.from(seed, "check", k));
    made.checks.push(await sheets({ truth, answer, ...(await input(cellOf(k), index)) }));
  }
  const hash = createHash("sha256").update(JSON.stringify([settings, made]));
  return {
    digest: hash.digest("hex").slice(0, 32),
    ...{ data: plan.data, side, resolution, notes: [...plan.notes] },
    // Where the longest one would show by a file without padding.
    sheetBytes: 1024 * Math.ceil(leastPadded(longest) / 1024),
    cells: cells.map(({ of: _, planned: __, ...cell }) => cell),
    photos: Array.from({ length: pairs }, (_, k) => basename(plan.photos[crops.photoOf(k)]!)),
    ...made,
  };
}

/** Two files of one photo would be seen twice by a subject. */
async function refuseDoubles(
  { crops: count, photos }: EvaluationPlan,
  crops: CropSource,
  store: EvaluationStore,
): Promise<void> {
  const known = new Map<string, number>();
  for (let index = 0; index < count; index++) {
    const file = await store.read(pictureFile(originalsRow, originalsRow, index));
    const digest = createHash("sha256")
      .update(file ?? "")
      .digest("hex");
    const before = known.get(digest);
    if (before !== undefined) {
      const [a, b] = [before, index].map((k) => photos[crops.photoOf(k)]);
      throw new PaletteError(`${a} and ${b} are one photo; remove one of them.`);
    }
    known.set(digest, index);
  }
}
