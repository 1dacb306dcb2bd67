import { beforeAll, describe, expect, it } from "vitest";
import {
  HandOperated,
  pictureFile,
  savedModel,
  type TestStudio,
  withStudio,
} from "../../../test/support/studio.ts";
import { temporaryFiles } from "../../../test/support/temporary-files.ts";
import { HttpRestorer } from "./http-restorer.ts";
import { RestoreError, type RestoreProgress, type RestoreRequest } from "./restorer.ts";

const { at } = temporaryFiles("");
let models: string[];
let request: RestoreRequest;

beforeAll(async () => {
  models = [await savedModel(at("model"))];
  request = {
    task: "colorize",
    image: new Blob([new Uint8Array(await pictureFile())]),
    options: { samples: 2, seed: 5 },
  };
});

/** A restorer on a server whose jobs end when the test says so. */
const served = (
  work: (restorer: HttpRestorer, executor: HandOperated, studio: TestStudio) => Promise<void>,
) => {
  const executor = new HandOperated();
  return withStudio({ models, executors: [executor] }, (studio) =>
    work(new HttpRestorer(studio.client()), executor, studio),
  );
};

describe("HttpRestorer", () => {
  it("tells the models, the progress and the answers in each format", () =>
    served(async (restorer, executor) => {
      expect((await restorer.models())[0]?.tasks).toContain("upscale");
      const told: RestoreProgress[] = [];
      const ids: string[] = [];
      const result = restorer.restore(request, {
        onAccepted: (id) => ids.push(id),
        onProgress: (progress) => told.push(progress),
      });
      await executor.begun(1);
      const { onStep, onPreview } = executor.works[0]!.listeners;
      onStep({ step: 3, steps: 20, secondsLeft: 4 });
      onPreview(1, new Uint8Array([7, 8]));
      await expect.poll(() => told.some(({ kind }) => kind === "preview")).toBe(true);
      executor.finish();
      const { images } = await result;
      expect(ids).toHaveLength(1);
      expect(told).toContainEqual({ kind: "step", step: 3, steps: 20, secondsLeft: 4 });
      const preview = told.find(({ kind }) => kind === "preview");
      if (preview?.kind !== "preview") throw new Error("There was no preview.");
      expect([...new Uint8Array(await preview.image.arrayBuffer())]).toEqual([7, 8]);
      expect(images.map(({ index, seed, width, height }) => [index, seed, width, height])).toEqual([
        [0, 5, 8, 6],
        [1, 5, 8, 6],
      ]);
      const saved = await images[1]!.save({ format: "webp", quality: 80, metadata: false });
      expect(saved.type).toBe("image/webp");
      const { save: _, ...kept } = images[1]!;
      const recalled = restorer.recall(structuredClone(kept));
      expect(recalled).toMatchObject(kept);
      const again = await recalled.save({ format: "webp", quality: 80, metadata: false });
      expect(again.size).toBe(saved.size);
    }));

  it("cancels the job on the server, and rejects with the signal's reason", () =>
    served(async (restorer, executor) => {
      const controller = new AbortController();
      const result = restorer.restore(request, { signal: controller.signal });
      await executor.begun(1);
      controller.abort(new Error("enough"));
      await expect(result).rejects.toThrow("enough");
      await expect.poll(() => executor.works[0]!.listeners.signal.aborted).toBe(true);
    }));

  it("goes on listening to a job it did not hand in, and knows when there is none", () =>
    served(async (restorer, executor, studio) => {
      const { id } = await studio.client().submit(request);
      await executor.begun(1);
      const result = restorer.resume(id);
      executor.finish();
      expect((await result)?.images).toHaveLength(2);
      expect(await restorer.resume("nobody")).toBeUndefined();
    }));

  it("says the server's line of what cannot be done", () =>
    served(async (restorer) => {
      const refused = restorer.restore({ ...request, image: new Blob(["no picture"]) });
      await expect(refused).rejects.toThrow(RestoreError);
    }));
});
