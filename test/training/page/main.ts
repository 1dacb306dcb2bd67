/** The page of the training tests: trains as a program of one's own would. */
import type { TrainingOutcome } from "../../../src/training/options.ts";
import { browserRuns, planTraining, train } from "../../../src/web/training/index.ts";
import { openFolder, readText, writeWhole } from "../../../src/web/training/storage.ts";
import { trainingSettings } from "../settings.ts";

export interface PageTraining {
  readonly outcome: TrainingOutcome;
  /** Of each image, in order. */
  readonly losses: number[];
  readonly lines: string[];
}

/** @param photos names of files that the page's server has */
async function run(photos: readonly string[], out: string, images: number): Promise<PageTraining> {
  const data = await Promise.all(
    photos.map(async (name) => new File([await (await fetch(`/photos/${name}`)).blob()], name)),
  );
  const losses: number[] = [];
  const lines: string[] = [];
  const plan = await planTraining({ ...trainingSettings, data, out });
  const outcome = await train(plan, {
    out,
    images,
    checkpointEvery: { images: 20 },
    statsEvery: 4,
    heldOutEvery: 1000,
    samplesEvery: 1000,
    reporter: {
      line: (text) => lines.push(text),
      progress: (update) => {
        losses.push(...update.losses);
        Object.assign(globalThis, { seen: update.images });
      },
    },
  });
  return { outcome, losses, lines };
}

/** SHA-256 of files of a run: of what decides about its weights. */
async function digests(out: string): Promise<string[]> {
  const root = await navigator.storage.getDirectory();
  const folder = await (await root.getDirectoryHandle("palette-runs")).getDirectoryHandle(out);
  const file = async (name: string) => (await folder.getFileHandle(name)).getFile();
  const model = await browserRuns.model(out);
  const files = [await file("checkpoint.safetensors"), model!.weights, model!.config];
  return Promise.all(
    files.map(async (blob) => {
      const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
      return Array.from(new Uint8Array(digest), (byte) => byte.toString(16)).join("-");
    }),
  );
}

/** What is read of a file that is replaced all the while, so many times. */
async function readSwapped(times: number): Promise<string[]> {
  const folder = await openFolder(["swapped"], true);
  const write = () => writeWhole(folder, "text", ["x".repeat(2 ** 16)]);
  await write();
  let on = true;
  const writing = (async () => {
    while (on) await write();
  })();
  const seen = new Set<string>();
  for (let k = 0; k < times; k++) {
    seen.add(
      await readText(folder, "text").then(
        (text) => `${text?.length} characters`,
        (thrown) => String(thrown),
      ),
    );
  }
  on = false;
  await writing;
  return [...seen];
}

const { stats } = browserRuns;
Object.assign(globalThis, { trainingSuite: { run, digests, stats, readSwapped } });
