import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomModel, smallestNetwork } from "../../../test/random-model.ts";
import { pictureFile, savedModel } from "../../../test/support/studio.ts";
import { temporaryFiles } from "../../../test/support/temporary-files.ts";
import { saveModel } from "../../node/model-folder.ts";
import { sharp } from "../../node/sharp.ts";
import type { StudioOptions, StudioTask } from "../web/restorer.ts";
import { EngineProcess } from "./engine-process.ts";
import type { RestoreWork, StepProgress } from "./executor.ts";

const { at } = temporaryFiles("");
const engine = new EngineProcess({ threads: 1 });
let model: string;
let image: Uint8Array;

beforeAll(async () => {
  model = await savedModel(at("model"));
  image = await pictureFile(40, 32, "jpeg");
});
afterAll(() => engine.close());

function workOf(task: StudioTask, options: StudioOptions = {}): RestoreWork {
  return { task, model, image, steps: 2, options: { steps: 2, seed: 1, ...options } };
}

async function carriedOut(work: RestoreWork, controller = new AbortController()) {
  const steps: StepProgress[] = [];
  const previews = new Map<number, Uint8Array>();
  const restored = await engine.run(work, {
    signal: controller.signal,
    onStep: (progress) => steps.push(progress),
    onPreview: (index, jpeg) => previews.set(index, jpeg),
  });
  return { ...restored, steps, previews };
}

describe("the engine's process", () => {
  it.each([
    ["colorize", {}, [40, 32]],
    ["dejpeg", { force: true }, [40, 32]],
    ["uncrop", { margins: { left: 3, right: 0, top: 10, bottom: 1 } }, [43, 43]],
    ["upscale", { scale: 3 }, [120, 96]],
    // 32 rows; the photo's 40 columns and half windows of 16.
    ["panorama", { widen: 1.8 }, [40 + 2 * 16, 32]],
  ] as const)("carries out %s", async (task, options, size) => {
    const { answers, steps, previews } = await carriedOut(workOf(task, options));
    expect(answers.map(({ width, height }) => [width, height])).toEqual([size]);
    const header = await sharp(answers[0]!.png).metadata();
    expect([header.format, header.width, header.height]).toEqual(["png", ...size]);
    const last = steps.at(-1)!;
    expect(last.step).toBe(last.steps);
    expect(last.secondsLeft).toBe(0);
    const preview = await sharp(previews.get(0)).metadata();
    // A panorama's grows with it.
    const width = task === "panorama" ? preview.width : size[0];
    expect([preview.format, preview.width, preview.height]).toEqual(["jpeg", width, size[1]]);
  });

  it("fills the mask's white part, and nothing else", async () => {
    const white = Buffer.alloc(10 * 9 * 3, 255);
    const mask = await sharp({
      create: { width: 40, height: 32, channels: 3, background: "black" },
    })
      .composite([{ input: white, raw: { width: 10, height: 9, channels: 3 }, left: 4, top: 5 }])
      .png()
      .toBuffer();
    const { answers } = await carriedOut({ ...workOf("inpaint", { samples: 2 }), mask });
    expect(answers).toHaveLength(2);
    const before = await sharp(image).raw().toBuffer();
    const after = await sharp(answers[1]!.png).raw().toBuffer();
    let inside = 0;
    for (let i = 0; i < before.length; i++) {
      const [x, y] = [Math.floor(i / 3) % 40, Math.floor(i / 120)];
      const isHole = x >= 4 && x < 14 && y >= 5 && y < 14;
      if (isHole) inside += after[i] === before[i] ? 0 : 1;
      else if (after[i] !== before[i]) expect(after[i], `byte ${i}`).toBe(before[i]);
    }
    expect(inside).toBeGreaterThan(100);
  });

  it("gives one mean answer in one call, whatever is said of samples and steps", async () => {
    const mean = { mean: true, samples: 3, steps: 5, sampler: "ddim" };
    const { answers, steps } = await carriedOut(workOf("colorize", mean));
    expect(answers).toHaveLength(1);
    expect(steps.at(-1)).toMatchObject({ step: 1, steps: 1 });
  });

  it("leaves a JPEG as it is that the model makes worse, says so, and is forced", async () => {
    const folder = at("careful");
    const tasks = ["dejpeg"];
    const sampling = { jpegShares: { "30": 1 } };
    await saveModel(folder, randomModel({ tasks, sampling }, smallestNetwork));
    const good = { ...workOf("dejpeg", { samples: 2 }), model: folder };
    const left = await carriedOut(good);
    expect(left.notes).toEqual([expect.stringMatching(/^The photo was saved at .* left as it is/)]);
    const pixels = (file: Uint8Array) => sharp(file).raw().toBuffer();
    expect(left.answers).toHaveLength(2);
    expect(await pixels(left.answers[1]!.png)).toEqual(await pixels(image));
    const options = { ...good.options, force: true };
    const forced = await carriedOut({ ...good, options });
    expect(await pixels(forced.answers[1]!.png)).not.toEqual(await pixels(image));
  });

  it("gives the answers of the seed", async () => {
    const [a, b, c] = [
      await carriedOut(workOf("colorize", { samples: 2 })),
      await carriedOut(workOf("colorize")),
      await carriedOut(workOf("colorize", { seed: 2 })),
    ];
    expect(b!.answers[0]!.png).toEqual(a!.answers[0]!.png);
    expect(c!.answers[0]!.png).not.toEqual(a!.answers[0]!.png);
  });

  it("says what is wrong with a photo, stops when it is told, and goes on after both", async () => {
    const broken = { ...workOf("colorize"), image: image.subarray(0, 200) };
    await expect(carriedOut(broken)).rejects.toThrow(/^The photo is broken and cannot be decoded/);
    const controller = new AbortController();
    const many = carriedOut(workOf("colorize", { steps: 2000 }), controller);
    setTimeout(() => controller.abort(new Error("left")), 100);
    await expect(many).rejects.toThrow("left");
    expect((await carriedOut(workOf("colorize"))).answers).toHaveLength(1);
  });

  it("fails one work when it is killed, and is started again for the next", async () => {
    let begun = () => {};
    const running = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const killed = engine.run(workOf("colorize", { steps: 2000 }), {
      signal: new AbortController().signal,
      onStep: () => begun(),
      onPreview: () => {},
    });
    const refused = expect(killed).rejects.toThrow(/^The engine stopped \(SIGKILL\); try again/);
    await running;
    // biome-ignore lint/complexity/useLiteralKeys: it is private
    engine["child"]?.kill("SIGKILL");
    await refused;
    expect((await carriedOut(workOf("colorize"))).answers).toHaveLength(1);
  });
});
