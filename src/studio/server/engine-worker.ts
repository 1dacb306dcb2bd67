/**
 * The process in which pictures are decoded and restored: what it computes keeps no request
 * waiting, and what breaks it does not end the server. It takes one work at a time.
 */
import { Palette } from "../../node/palette.ts";
import { PaletteError, ReadError, reasonOf } from "../../util/errors.ts";
import { Clock } from "../restoring/clock.ts";
import { Previews } from "../restoring/previews.ts";
import type { EngineMessage, EngineRequest } from "./engine-messages.ts";
import type { RestoreWork } from "./executor.ts";
import { restoreJob } from "./restore-job.ts";
import { smallJpeg } from "./small-jpeg.ts";

let loaded: { readonly folder: string; readonly palette: Palette } | undefined;
let current: { readonly id: number; readonly controller: AbortController } | undefined;

const tell = (message: EngineMessage) => {
  if (process.connected) process.send?.(message);
};

// Whoever started it says when it ends; Ctrl-C in a terminal reaches it as well.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.on("disconnect", () => process.exit());
process.on("message", (request: EngineRequest) => {
  if ("cancel" in request) {
    if (current?.id === request.cancel) current.controller.abort();
  } else {
    void answer(request.id, request.work, request.threads);
  }
});

async function answer(id: number, work: RestoreWork, threads?: number): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  current = { id, controller };
  try {
    const palette = await paletteOf(work.model, threads);
    signal.throwIfAborted();
    const clock = new Clock(work.steps, (progress) => tell({ id, ...progress }));
    const previews = new Previews(smallJpeg, (preview, jpeg) => tell({ id, preview, jpeg }));
    const restored = await restoreJob(palette, work, {
      signal,
      async onStep(progress) {
        clock.step(progress.step, progress.steps);
        await previews.step(progress);
      },
      onTiles: (done, tiles) => clock.part(done / tiles),
    });
    tell({ id, restored });
  } catch (thrown) {
    const kind =
      thrown instanceof ReadError ? "machine" : thrown instanceof PaletteError ? "request" : "bug";
    tell({ id, failure: reasonOf(thrown), kind });
  } finally {
    current = undefined;
  }
}

/** One model is kept; another one takes its place. */
async function paletteOf(folder: string, threads?: number): Promise<Palette> {
  if (loaded?.folder === folder) return loaded.palette;
  await loaded?.palette.dispose();
  loaded = undefined;
  // What the model was not trained for is said by the list of models.
  const palette = await Palette.load(folder, { threads, onWarning: () => {} });
  loaded = { folder, palette };
  return palette;
}
