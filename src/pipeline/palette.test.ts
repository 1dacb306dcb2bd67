import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { randomModel, smallestNetwork } from "../../test/random-model.ts";
import { largestDifference } from "../../test/support/differentiation.ts";
import { seam } from "../../test/support/seam.ts";
import { context } from "../../test/support/task-context.ts";
import { samplerConfigSchema, stochasticDdim } from "../diffusion/samplers/sampler-config.ts";
import { scheduleFrom, smallestGamma } from "../diffusion/schedule.ts";
import {
  createImage,
  createMask,
  crop,
  fromBytes,
  grayscale,
  type Image,
  isGray,
  paste,
  toBytes,
} from "../image/image.ts";
import type { ModelConfig } from "../models/config.ts";
import { defaultAugmentation } from "../models/settings/augmentation.ts";
import { loadNetwork } from "../node/load-network.ts";
import { Palette } from "../node/palette.ts";
import type { Network } from "../runtime/network.ts";
import { taskNamed } from "../tasks/registry.ts";
import { PaletteError, UsageError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import type { SamplingOptions, SamplingProgress } from "./sampling-options.ts";

const side = 32;
const photo = noise(side, side);
const mask = createMask(side, side);
for (let y = 5; y < 20; y++) mask.data.fill(1, y * side + 8, y * side + 27);
const quick = { steps: 3, seed: 5 } as const;

let palette: Palette;

beforeAll(async () => {
  palette = new Palette(await loadNetwork(randomModel({}, smallestNetwork), { threads: 2 }));
});
afterAll(() => palette.dispose());

function noise(width: number, height: number): Image {
  const random = Random.from("palette.test");
  const rgb = Uint8Array.from({ length: 3 * width * height }, () => random.integer(0, 255));
  return fromBytes(rgb, width, height);
}

/** A palette whose network answers zeros and counts its calls. */
function stub(details: Partial<ModelConfig> = {}) {
  const { config } = randomModel(details);
  const predict = vi.fn<Network["predict"]>(async ({ noisy }) => new Float32Array(noisy.length));
  const warnings: string[] = [];
  const network = { config, predict, dispose: async () => {} };
  return {
    palette: new Palette(network, { onWarning: (line) => warnings.push(line) }),
    predict,
    warnings,
  };
}

describe("a gray photo", () => {
  const gray = grayscale(photo);

  it("stays gray, and its known pixels as they are to the bit", async () => {
    const [filled] = await palette.inpaint(gray, { ...quick, mask });
    expect(isGray(filled!)).toBe(true);
    expect(filled).not.toEqual(gray);
    for (let i = 0; i < gray.data.length; i++)
      if (mask.data[i % (side * side)] === 0) expect(filled!.data[i]).toBe(gray.data[i]);
    for (const task of ["uncrop", "dejpeg"]) {
      const [answer] = await palette.restore(task, gray, { ...quick, side: "left" });
      expect(isGray(answer!)).toBe(true);
    }
  });

  it("is not shown as one to colorize to a model that colorizes and knows no other gray ones", async () => {
    const sourceOf = async (details: Partial<ModelConfig>, image: Image) => {
      const { palette, predict } = stub(details);
      await palette.dejpeg(image, { ...quick, steps: 1 });
      return { ...image, data: predict.mock.calls[0]![0].source };
    };
    const known = { images: 1, augmentation: { ...defaultAugmentation, gray: 0.2 } };
    const shown = await sourceOf({ tasks: ["colorize", "dejpeg"] }, gray);
    expect(isGray(shown)).toBe(false);
    expect(largestDifference(shown.data, gray.data)).toBeLessThan(0.1);
    expect((await sourceOf({ tasks: ["colorize", "dejpeg"] }, photo)).data).toEqual(photo.data);
    expect((await sourceOf({ tasks: ["inpaint", "dejpeg"] }, gray)).data).toEqual(gray.data);
    const taught = { tasks: ["colorize", "dejpeg"], training: known };
    expect((await sourceOf(taught, gray)).data).toEqual(gray.data);
  });

  it("gets colours by colorization; a coloured photo keeps its own", async () => {
    const [coloured] = await palette.colorize(gray, quick);
    expect(isGray(coloured!)).toBe(false);
    const [restored] = await palette.dejpeg(photo, quick);
    expect(isGray(restored!)).toBe(false);
  });
});

describe("answers", () => {
  it.each(["ddpm", "ddim", "dpm++"] as const)(
    "of %s: k is the same with 1 and with 3",
    async (sampler) => {
      const three = await palette.inpaint(photo, { ...quick, sampler, mask, samples: 3 });
      const [one] = await palette.inpaint(photo, { ...quick, sampler, mask });
      expect(one).toEqual(three[0]);
      expect(three[1]).not.toEqual(three[0]);
      expect(three[2]).not.toEqual(three[1]);
    },
  );

  it("that are large are sampled and given one after the other, and are the same", async () => {
    const { predict, palette: stubbed } = stub();
    const network = { config: stubbed.config, predict, dispose: async () => {} };
    const one = new Palette(network, { pixelsAtOnce: 1, onWarning: () => {} });
    const given: Image[] = [];
    const calls: number[] = [];
    for await (const answer of one.answers("dejpeg", photo, { ...quick, samples: 3 })) {
      given.push(answer);
      calls.push(predict.mock.calls.length);
    }
    expect(calls).toEqual([3, 6, 9]);
    expect(given).toEqual(await stubbed.dejpeg(photo, { ...quick, samples: 3 }));
  });

  it("leave the photo as it is, and shown estimates leave the answers", async () => {
    const before = photo.data.slice();
    const shown: Image[] = [];
    const onStep = async ({ pictures }: SamplingProgress) => {
      for (const make of pictures?.values() ?? []) shown.push(await make());
    };
    const options = { ...quick, quality: 20, samples: 2 };
    for (const image of [photo, noise(40, 33)]) {
      const answers = await palette.dejpeg(image, options);
      expect(await palette.dejpeg(image, { ...options, onStep })).toEqual(answers);
      expect(shown.at(-1)).toEqual(answers.at(-1));
    }
    expect(photo.data).toEqual(before);
  });

  it("to several conditions at once are those to each alone", async () => {
    const random = Random.from("several");
    const questions = [
      { condition: await taskNamed("inpaint").degrade(photo, context(random), { mask }), seed: 11 },
      { condition: await taskNamed("colorize").degrade(photo, context(random)), seed: 12 },
      { condition: await taskNamed("uncrop").degrade(photo, context(random)), seed: 13 },
    ];
    const together = await palette.sampleBatch(questions, { steps: 3, samples: 2 });
    for (const [k, { condition, seed }] of questions.entries()) {
      expect(together[k]).toEqual(await palette.sample(condition, { steps: 3, samples: 2, seed }));
    }
    expect(await palette.sampleBatch([])).toEqual([]);
  });

  it("to several conditions together are those to each alone, up to rounding", async () => {
    const condition = await taskNamed("colorize").degrade(photo, context(Random.from("together")));
    const questions = [21, 22].map((seed) => ({ condition, seed }));
    const options = { steps: 3, samples: 4 };
    const [alone, together] = [
      await palette.sampleBatch(questions, options),
      await palette.sampleBatch(questions, { ...options, together: true }),
    ].map((answers) => answers.flat().map(({ data }) => data));
    expect(together).toHaveLength(8);
    for (const [k, data] of alone!.entries()) {
      expect(largestDifference(together![k]!, data)).toBeLessThan(1e-4);
      expect(largestDifference(together![k]!, alone![(k + 1) % 8]!)).toBeGreaterThan(0.1);
    }
  });

  it("are shown whole while they are drawn, by number", async () => {
    const network = await loadNetwork(randomModel({}, smallestNetwork), { threads: 2 });
    const cautious = new Palette(network, { pixelsAtOnce: 2 * side * side });
    const shown: number[][] = [];
    let last: Image | undefined;
    const answers = await cautious.inpaint(photo, {
      ...{ ...quick, samples: 3, mask },
      async onStep({ pictures }) {
        shown.push([...pictures!.keys()]);
        last = await [...pictures!.values()].at(-1)!();
        for (let i = 0; i < photo.data.length; i++)
          if (mask.data[i % (side * side)] === 0) expect(last.data[i]).toBe(photo.data[i]);
      },
    });
    expect(shown).toEqual([[0, 1], [0, 1], [0, 1], [2], [2], [2]]);
    // The last step's estimate is the answer.
    expect(last).toEqual(answers[2]);
    await cautious.dispose();
  });

  it("to large pictures are drawn one after the other, and are the same", async () => {
    const network = await loadNetwork(randomModel({}, smallestNetwork), { threads: 2 });
    const cautious = new Palette(network, { pixelsAtOnce: 2 * side * side });
    const steps: string[] = [];
    const options = { ...quick, samples: 3, mask };
    const told = ({ step, steps: all }: { step: number; steps: number }) =>
      void steps.push(`${step}/${all}`);
    const answers = await cautious.inpaint(photo, { ...options, onStep: told });
    expect(answers).toEqual(await palette.inpaint(photo, options));
    expect(steps).toEqual(["1/6", "2/6", "3/6", "4/6", "5/6", "6/6"]);
    await cautious.dispose();
  });

  it("repeat with the seed and change with it", async () => {
    const first = await palette.colorize(photo, { ...quick, samples: 2 });
    expect(await palette.colorize(photo, { ...quick, samples: 2 })).toEqual(first);
    expect(await palette.colorize(photo, { ...quick, samples: 2, seed: 6 })).not.toEqual(first);
    expect(first.map(({ width, height }) => [width, height])).toEqual([
      [side, side],
      [side, side],
    ]);
  });

  it("keep the known pixels of a hole's surroundings to the byte", async () => {
    const before = toBytes(photo);
    for (const image of await palette.inpaint(photo, { ...quick, mask, samples: 2 })) {
      const after = toBytes(image);
      let changed = 0;
      for (let i = 0; i < after.length; i++) {
        if (mask.data[Math.floor(i / 3)] === 1) changed += after[i] === before[i] ? 0 : 1;
        else if (after[i] !== before[i]) expect(after[i], `byte ${i}`).toBe(before[i]);
      }
      expect(changed).toBeGreaterThan(100);
    }
  });

  it("grow the photo all around unless a side is named", async () => {
    const all = await palette.uncrop(photo, quick);
    expect(await palette.uncrop(photo, { ...quick, side: "all", ratio: 0.5 })).toEqual(all);
    expect([all[0]!.width, all[0]!.height]).toEqual([48, 48]);
    const [left] = await palette.uncrop(photo, { ...quick, side: "left", ratio: 1 });
    expect([left!.width, left!.height]).toEqual([2 * side, side]);
    const place = { left: side, top: 0, width: side, height: side };
    expect(crop(left!, place).data).toEqual(photo.data);
  });

  it("to a picture of many tiles have no seams", async () => {
    const trained = await Palette.load();
    const tile = trained.resolution;
    // A smooth picture, its red brighter than its blue: what steps there are come from the network.
    const smooth = createImage(4 * tile, 4 * tile);
    smooth.data.forEach((_, i) => {
      const channel = Math.floor((3 * i) / smooth.data.length);
      smooth.data[i] = Math.sin((i % smooth.width) / 40) * 0.7 - 0.1 * (channel - 1);
    });
    const [joined] = await trained.dejpeg(smooth);
    const apart = createImage(smooth.width, smooth.height);
    for (let top = 0; top < smooth.height; top += tile) {
      for (let left = 0; left < smooth.width; left += tile) {
        const part = crop(smooth, { left, top, width: tile, height: tile });
        const [answer] = await trained.dejpeg(part, { seed: top + left });
        paste(apart, answer!, left, top);
      }
    }
    await trained.dispose();
    const changes = (restored: Image) => ({
      ...smooth,
      data: restored.data.map((value, i) => value - smooth.data[i]!),
    });
    // Of 256 pixels windows of 144 begin at 0 and 112: every 16 pixels is each border, and with
    // those of 8 each overlap's middle. What is restored apart begins every tile.
    for (const period of [16, 8]) expect(seam(changes(joined!), period)).toBeLessThan(1.2);
    expect(seam(changes(apart), tile)).toBeGreaterThan(1.6);
  });

  it("count the network calls over several holes", async () => {
    const { palette: counted } = stub();
    const wide = noise(20 * side, side);
    const two = createMask(20 * side, side);
    two.data[5] = 1;
    two.data[19 * side] = 1;
    const steps: string[] = [];
    const onStep = ({ step, steps: all }: SamplingProgress) => void steps.push(`${step}/${all}`);
    await counted.inpaint(wide, { mask: two, steps: 2, onStep });
    expect(steps).toEqual(["1/2", "2/2"]);
  });

  it("come back at the picture's own size", async () => {
    for (const [width, height] of [
      [1, 1],
      [1, 300],
      [500, 2],
      [33, 31],
      [90, 70],
    ] as const) {
      const given = noise(width, height);
      for (const task of ["colorize", "dejpeg"]) {
        const [image] = await palette.restore(task, given, { ...quick, steps: 1 });
        expect([image!.width, image!.height]).toEqual([width, height]);
      }
      const hole = createMask(width, height);
      hole.data[0] = 1;
      const [filled] = await palette.inpaint(given, { ...quick, steps: 1, mask: hole });
      expect([filled!.width, filled!.height]).toEqual([width, height]);
      expect(toBytes(filled!).slice(3)).toEqual(toBytes(given).slice(3));
    }
  });

  it("are all in [-1, 1]", async () => {
    const [image] = await palette.colorize(photo, { ...quick, clip: false });
    for (const value of image!.data) expect(Math.abs(value)).toBeLessThanOrEqual(1);
  });
});

describe("sampling", () => {
  it("calls the network once a step, from noise to clean, and tells", async () => {
    const { palette: stubbed, predict } = stub();
    const steps: SamplingProgress[] = [];
    await stubbed.colorize(photo, {
      samples: 2,
      steps: 7,
      onStep: (step) => void steps.push(step),
    });
    expect(predict).toHaveBeenCalledTimes(7);
    const gammas = predict.mock.calls.map(([call]) => call.gamma as number);
    expect(gammas).toEqual([...gammas].sort((a, b) => a - b));
    expect(steps.map(({ step, steps: all }) => `${step}/${all}`)).toEqual(
      [1, 2, 3, 4, 5, 6, 7].map((step) => `${step}/7`),
    );
    expect(steps[6]!.estimates()).toHaveLength(2);
  });

  it("can be stopped when all steps are done, before each answer is finished", async () => {
    const controller = new AbortController();
    const finished: string[] = [];
    const onFinish = (done: number, answers: number) => {
      finished.push(`${done}/${answers}`);
      if (done === 1) controller.abort(new Error("enough"));
    };
    const { palette: stubbed } = stub();
    const options = { steps: 1, samples: 4, signal: controller.signal, onFinish };
    await expect(stubbed.colorize(photo, options)).rejects.toThrow("enough");
    expect(finished).toEqual(["0/4", "1/4"]);
  });

  it("stays within the noise levels the model was trained on", async () => {
    const { palette: stubbed, predict } = stub();
    await stubbed.colorize(photo, { sampler: "ddpm", steps: 1000 });
    expect(predict).toHaveBeenCalledTimes(468);
    for (const [{ gamma }] of predict.mock.calls) expect(gamma).toBeGreaterThan(4.386e-5);
    await stubbed.colorize(photo, { sampler: "ddpm", steps: 1000, belowTrained: true });
    expect(predict).toHaveBeenCalledTimes(468 + 1000);
  });

  it("are drawn as the model's config says, unless a sampler is named or a setting chosen", async () => {
    const levels = async (config: Partial<ModelConfig>, options: SamplingOptions) => {
      const { palette: stubbed, predict } = stub({
        objective: { prediction: "epsilon" },
        ...config,
      });
      const [answer] = await stubbed.colorize(photo, { steps: 4, seed: 3, ...options });
      return {
        answer,
        sigmas: predict.mock.calls.map(([{ gamma }]) => Math.sqrt(1 / (gamma as number) - 1)),
      };
    };
    const own = { sampler: stochasticDdim };
    const chosen = { sampler: "ddim", eta: 1, spacing: "logsnr", sigmaMin: 0.05 } as const;
    const usual = await levels(own, {});
    expect(usual.sigmas[3]).toBeCloseTo(0.05, 6);
    expect(usual).toEqual(await levels({}, chosen));
    expect((await levels(own, { eta: 0 })).answer).not.toEqual(usual.answer);
    expect(await levels(own, { eta: 0 })).toEqual(await levels({}, { ...chosen, eta: 0 }));
    expect(await levels(own, { sampler: "dpm++" })).toEqual(await levels({}, {}));
    expect(stub(own).palette.samplerConfig({ sigmaMin: 1 })).toEqual({
      ...stochasticDdim,
      sigmaMin: 1,
    });
  });

  it("take their noise levels even in log-SNR when asked to", async () => {
    const { palette: stubbed, predict } = stub();
    await stubbed.colorize(photo, { steps: 4, spacing: "logsnr" });
    const snr = predict.mock.calls.map(([{ gamma }]) => {
      const level = gamma as number;
      return Math.log(level / (1 - level));
    });
    const apart = snr.slice(1).map((value, k) => value - snr[k]!);
    expect(apart[1]).toBeCloseTo(apart[0]!, 6);
    expect(apart[2]).toBeCloseTo(apart[0]!, 6);
  });

  it("draws the noise in the hole anew for each answer, and shows the known pixels to all", async () => {
    const { palette: stubbed, predict } = stub();
    await stubbed.inpaint(photo, { mask, samples: 2, steps: 1 });
    const [{ source, noisy }] = predict.mock.calls[0]!;
    const hole = 6 * side + 10;
    const values = 3 * side * side;
    expect(source[hole]).not.toBe(source[values + hole]);
    for (const batch of [source, noisy]) {
      expect([batch[0], batch[values]]).toEqual([photo.data[0], photo.data[0]]);
    }
  });

  it("stops before the next network call", async () => {
    const { palette: stubbed, predict } = stub();
    const controller = new AbortController();
    const reason = new Error("enough");
    const work = stubbed.dejpeg(photo, {
      signal: controller.signal,
      onStep: ({ step }) => {
        if (step === 4) controller.abort(reason);
      },
    });
    await expect(work).rejects.toBe(reason);
    expect(predict).toHaveBeenCalledTimes(4);
  });
});

describe("the mean", () => {
  it("is one call at the highest noise level, the same for every seed and sampler of the model", async () => {
    const { palette: stubbed, predict } = stub({ sampler: stochasticDdim });
    await stubbed.colorize(photo, { mean: true });
    await stubbed.inpaint(photo, { mask, mean: true, seed: 9 });
    expect(predict).toHaveBeenCalledTimes(2);
    const smallest = smallestGamma(scheduleFrom(stubbed.config.trainingSchedule));
    for (const [{ gamma }] of predict.mock.calls) {
      expect(gamma).toBeGreaterThanOrEqual(smallest);
      expect(gamma as number).toBeLessThan(1.1 * smallest);
    }
    const one = await palette.inpaint(photo, { mask, mean: true, seed: 1 });
    expect(await palette.inpaint(photo, { mask, mean: true, seed: 2 })).toEqual(one);
  });

  it("is not combined with what it does not have", async () => {
    for (const options of [{ samples: 2 }, { steps: 1 }, { sampler: "ddim" }, { sigmaMin: 0.1 }]) {
      const refused = stub().palette.colorize(photo, { ...options, mean: true });
      await expect(refused).rejects.toThrow(/mean is one .*leave out/);
    }
  });
});

describe("the steps", () => {
  it("are those of the model for the task, unless others are asked for or a sampler is named", async () => {
    const { palette: stubbed, predict } = stub({ sampling: { steps: { dejpeg: 3 } } });
    const calls = async (work: () => Promise<unknown>) => {
      predict.mockClear();
      await work();
      return predict.mock.calls.length;
    };
    expect(await calls(() => stubbed.dejpeg(photo))).toBe(3);
    expect(await calls(() => stubbed.dejpeg(photo, { steps: 5 }))).toBe(5);
    expect(await calls(() => stubbed.dejpeg(photo, { sampler: "ddim" }))).toBe(20);
    expect(await calls(() => stubbed.colorize(photo))).toBe(20);
  });

  it("have a sampler of their own where the model says so, but for one that is named", async () => {
    const colorize = samplerConfigSchema.parse({ sampler: "dpm++", sigmaMin: 0.3 });
    const model = randomModel({ sampler: stochasticDdim }, smallestNetwork);
    const network = (sampling: ModelConfig["sampling"]) =>
      loadNetwork({ ...model, config: { ...model.config, sampling } }, { threads: 2 });
    const [plain, own] = [
      new Palette(await network({})),
      new Palette(await network({ samplers: { colorize } })),
    ];
    const named = { ...quick, ...colorize };
    expect(own.samplerConfig({}, "colorize")).toEqual(colorize);
    expect(own.samplerConfig({}, "uncrop")).toEqual(stochasticDdim);
    expect(await own.colorize(photo, quick)).toEqual(await plain.colorize(photo, named));
    expect(await own.colorize(photo, quick)).not.toEqual(await plain.colorize(photo, quick));
    expect(await own.uncrop(photo, quick)).toEqual(await plain.uncrop(photo, quick));
    const ddim = { ...quick, sampler: "ddim" } as const;
    expect(await own.colorize(photo, ddim)).toEqual(await plain.colorize(photo, ddim));
    await Promise.all([plain.dispose(), own.dispose()]);
  });

  it("begin at the photo under noise where the model says so, but for a sampler that is named", async () => {
    const sampling = { steps: { dejpeg: 2 }, starts: { dejpeg: 0.5 } };
    const { palette: stubbed, predict } = stub({ sampling });
    const [first, ...rest] = await levelsOf({});
    expect(first!.gamma).toBeCloseTo(1 / (1 + 0.25), 1);
    expect(rest).toHaveLength(1);
    // The noise is what is left without the photo, as large as the level says.
    expect(noisePower(first!)).toBeGreaterThan(0.17);
    expect(noisePower(first!)).toBeLessThan(0.23);
    expect((await levelsOf({ sampler: "ddim" }))[0]!.gamma).toBeLessThan(0.01);
    // The mean is asked for at that level, of the photo without noise.
    const [mean, ...none] = await levelsOf({ mean: true });
    expect(none).toEqual([]);
    expect(mean!.gamma).toBeCloseTo(1 / (1 + 0.25), 12);
    expect(noisePower(mean!)).toBeLessThan(1e-12);
    stubbed.config.sampling!.startNoise = { dejpeg: 0.4 };
    expect(noisePower((await levelsOf({}))[0]!)).toBeCloseTo(0.16 * noisePower(first!), 6);
    // Less noise than the sampler's least is one call there.
    const barely = { ...sampling, starts: { dejpeg: 0.01 } };
    const other = stub({ sampler: { ...stochasticDdim, sigmaMin: 0.05 }, sampling: barely });
    await other.palette.dejpeg(photo);
    expect(other.predict.mock.calls.map(([{ gamma }]) => gamma)).toEqual([1 / (1 + 0.05 ** 2)]);
    // JPEGs by their quality, and as of 15 where it is not known.
    stubbed.config.sampling!.jpegStarts = { 10: 0.5, 30: 0.1 };
    for (const [quality, sigma] of [
      [5, 0.5],
      [20, 0.3],
      [90, 0.1],
      [undefined, 0.4],
    ] as const) {
      const known = quality === undefined ? {} : { quality };
      const [only] = await levelsOf({ mean: true, ...known });
      expect(only!.gamma).toBeCloseTo(1 / (1 + sigma ** 2), 12);
    }

    async function levelsOf(options: Parameters<Palette["dejpeg"]>[1]) {
      const calls: { gamma: number; noisy: Float32Array; source: Float32Array }[] = [];
      predict.mockImplementation(async ({ gamma, noisy, source }) => {
        calls.push({ gamma: gamma as number, noisy: noisy.slice(), source });
        return new Float32Array(noisy.length);
      });
      await stubbed.dejpeg(photo, options);
      return calls;
    }

    function noisePower({ noisy, source, gamma }: Awaited<ReturnType<typeof levelsOf>>[number]) {
      const noise = noisy.map((value, i) => value - Math.sqrt(gamma) * source[i]!);
      return noise.reduce((sum, value) => sum + value * value, 0) / noise.length;
    }
  });
});

describe("a JPEG that the model makes worse", () => {
  const sampling = { jpegShares: { 10: 1, 20: 0.5, 40: 0.25 } };

  it("comes back as it is, with a line, unless it is forced", async () => {
    const { palette: stubbed, predict, warnings } = stub({ sampling });
    const answers = await stubbed.dejpeg(photo, { quality: 41, samples: 2 });
    expect(answers).toEqual([photo, photo]);
    expect(predict).not.toHaveBeenCalled();
    expect(warnings).toEqual([
      "Warning: the photo was saved at JPEG quality 41 and is left as it is: random improves up to 40; force restores it all the same.",
    ]);
    await stubbed.dejpeg(photo, { quality: 41, steps: 1, force: true });
    expect(predict).toHaveBeenCalledTimes(1);
  });

  it("is mixed with the network's answer by its quality", async () => {
    const { palette: stubbed } = stub({ sampling, objective: { prediction: "x0" } });
    for (const [quality, share] of [
      [5, 1],
      [15, 0.75],
      [20, 0.5],
      [30, 0.375],
    ] as const) {
      // The network answers zeros.
      const [answer] = await stubbed.dejpeg(photo, { quality, steps: 1 });
      expect(answer!.data[7]).toBeCloseTo((1 - share) * photo.data[7]!, 6);
    }
  });

  it("is restored where the quality is lower, unknown, or the model says no limit", async () => {
    for (const [quality, settings] of [
      [40, sampling],
      [undefined, sampling],
      [95, undefined],
    ] as const) {
      const { palette: stubbed, predict } = stub({ sampling: settings });
      await stubbed.dejpeg(photo, { steps: 1, ...(quality && { quality }) });
      expect(predict).toHaveBeenCalledTimes(1);
    }
  });
});

describe("a regression model", () => {
  it("answers with one network call, without noise", async () => {
    const { palette: stubbed, predict } = stub({
      objective: { regression: true, prediction: "x0" },
    });
    const images = await stubbed.colorize(photo, { samples: 2, steps: 20 });
    expect(images).toHaveLength(2);
    expect(predict).toHaveBeenCalledTimes(1);
    const [{ gamma, noisy }] = predict.mock.calls[0]!;
    expect(gamma).toBe(0);
    expect(noisy.every((value) => value === 0)).toBe(true);
  });
});

describe("a task the model was not trained for", () => {
  it("is done, with one warning", async () => {
    const { palette: stubbed, warnings } = stub({ tasks: ["colorize"] });
    await stubbed.dejpeg(photo, quick);
    await stubbed.dejpeg(photo, quick);
    await stubbed.colorize(photo, quick);
    expect(warnings).toEqual(["Warning: random was trained for colorize, not for dejpeg."]);
  });
});

describe("impossible requests", () => {
  it.each<[string, SamplingOptions]>([
    ["no samples", { samples: 0 }],
    ["half a sample", { samples: 1.5 }],
    ["too many samples", { samples: 1e9 }],
    ["no steps", { steps: 0 }],
    ["a seed that is no number", { seed: Number.NaN }],
    ["an unknown sampler", { sampler: "euler" as "ddim" }],
    ["eta without ddim", { eta: 0.5, sampler: "ddpm" }],
    ["eta above 1", { eta: 2, sampler: "ddim" }],
    ["eta of a model that is sampled otherwise", { eta: 1 }],
    ["less than no noise at the end", { sigmaMin: -1 }],
    ["an unknown spacing", { spacing: "karras" as "time" }],
  ])("%s", async (_, options) => {
    await expect(stub().palette.colorize(photo, options)).rejects.toThrow(UsageError);
  });

  it("a task, a mask or a side that is not there", async () => {
    const { palette: stubbed } = stub();
    await expect(stubbed.restore("deblur", photo)).rejects.toThrow(/"deblur".*colorize/);
    await expect(stubbed.restore("inpaint", photo)).rejects.toThrow(UsageError);
    await expect(stubbed.restore("uncrop", photo)).rejects.toThrow(UsageError);
    await expect(stubbed.inpaint(photo, { mask: createMask(3, 3, 1) })).rejects.toThrow(
      PaletteError,
    );
  });

  it.each<[string, unknown, RegExp]>([
    ["nothing", undefined, /An image is .* not undefined/],
    ["a path", "photo.png", /not "photo\.png"/],
    ["bytes", { ...photo, data: toBytes(photo) }, /Float32Array .* not a Uint8Array; fromBytes/],
    [
      "values of 0 to 255",
      { ...photo, data: photo.data.map((v) => 127.5 * (v + 1)) },
      /from -1 to 1/,
    ],
    ["no numbers", { ...photo, data: photo.data.map(() => Number.NaN) }, /one is NaN/],
    ["opacity", { ...photo, data: new Float32Array(4 * side * side) }, /leave out the opacity/],
    ["one plane", { ...photo, data: new Float32Array(side * side) }, /three times/],
    ["half a pixel", { ...photo, width: 0.5 }, /whole numbers from 1, not 0\.5/],
  ])("%s for an image", async (_, image, message) => {
    const refused = stub().palette.colorize(image as Image);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(UsageError);
  });

  it.each<[object, RegExp]>([
    [{ stepz: 3 }, /There is no option "stepz"; the options of colorize are samples, steps/],
    [{ clip: "no" }, /clip is true or false, not "no"/],
    [{ onStep: 7 }, /onStep is a function, not 7/],
    [{ signal: true }, /signal is an AbortSignal/],
  ])("the options %o", async (options, message) => {
    const { palette: stubbed } = stub();
    await expect(stubbed.colorize(photo, options)).rejects.toThrow(message);
  });

  it("no option of another task, and nothing that is undefined", async () => {
    const { palette: stubbed } = stub();
    const options = { steps: 1, side: "left", stepz: undefined };
    expect(await stubbed.colorize(photo, options)).toHaveLength(1);
    await expect(stubbed.colorize(photo, 5 as unknown as object)).rejects.toThrow(
      /options are an object/,
    );
  });

  it("a mask of 0 and 255", async () => {
    const wrong = { ...mask, data: mask.data.map((value) => 255 * value) };
    await expect(stub().palette.inpaint(photo, { mask: wrong })).rejects.toThrow(/not 255/);
  });

  it("a model that is not there", async () => {
    await expect(Palette.load("no-such-model")).rejects.toThrow(/no-such-model/);
  });
});

describe("a model of the PyTorch Palette", () => {
  const trainingSchedule = { type: "linear", steps: 20, betaFirst: 1e-4, betaLast: 0.1 } as const;
  const inferenceSchedule = { type: "linear", steps: 12, betaFirst: 1e-3, betaLast: 0.5 } as const;
  const ddpm = { variance: "posterior", clip: true, start: "source", belowTrained: true } as const;
  const details = {
    objective: { prediction: "epsilon" },
    trainingSchedule,
    inferenceSchedule,
    ddpm,
  } as const;
  const full = { sampler: "ddpm", steps: 12, seed: 3, mask } as const;

  /** A palette whose network answers something of all its inputs. */
  function answering(config: Partial<ModelConfig>) {
    const made = stub(config);
    made.predict.mockImplementation(async ({ source, noisy, gamma }) =>
      noisy.map((value, i) => 0.6 * value + 0.3 * source[i]! + (gamma as number)),
    );
    return made;
  }

  /**
   * Its `restoration`: p_sample from the last level to the first, known pixels put back after each.
   */
  function reference(source: Float32Array, seed: number): Float32Array {
    const { gammas } = scheduleFrom(inferenceSchedule);
    const name = [seed, "sample", 0] as const;
    let y = source.slice();
    for (let t = inferenceSchedule.steps; t >= 1; t--) {
      const [gamma, before] = [gammas[t]!, gammas[t - 1]!];
      const alpha = gamma / before;
      const logVariance = Math.log(Math.max(((1 - alpha) * (1 - before)) / (1 - gamma), 1e-20));
      const noise = new Float32Array(y.length);
      const step = inferenceSchedule.steps - t;
      if (t > 1) Random.from(...name, "step", step).fillNormal(noise);
      y = y.map((value, i) => {
        const epsilon = Math.fround(0.6 * value + 0.3 * source[i]! + gamma);
        const clean = Math.sqrt(1 / gamma) * value - Math.sqrt(1 / gamma - 1) * epsilon;
        const clipped = Math.min(1, Math.max(-1, clean));
        const mean =
          ((Math.sqrt(before) * (1 - alpha)) / (1 - gamma)) * clipped +
          ((Math.sqrt(alpha) * (1 - before)) / (1 - gamma)) * value;
        const drawn = mean + Math.exp(logVariance / 2) * noise[i]!;
        return mask.data[i % (side * side)] === 1 ? drawn : source[i]!;
      });
    }
    return y;
  }

  it("is sampled by ddpm as its makers do it: y_T, all levels, variance and clipping", async () => {
    const { palette, predict } = answering(details);
    const [image] = await palette.inpaint(photo, full);
    expect(predict).toHaveBeenCalledTimes(12);
    const { source } = predict.mock.calls[0]![0];
    const expected = reference(source, 3);
    image!.data.forEach((value, i) => {
      const clipped = Math.min(1, Math.max(-1, expected[i]!));
      if (Math.abs(value - clipped) > 1e-5) expect(value, `value ${i}`).toBe(clipped);
    });
  });

  it("differs in each of these habits from the paper's way", async () => {
    const [theirs] = await answering(details).palette.inpaint(photo, full);
    const changes: Partial<ModelConfig>[] = [
      { ddpm: undefined },
      { ddpm: { ...ddpm, variance: "beta" } },
      { ddpm: { ...ddpm, start: "noise" } },
      { ddpm: { ...ddpm, clip: false } },
      { ddpm: { ...ddpm, belowTrained: false } },
    ];
    for (const change of changes) {
      const [other] = await answering({ ...details, ...change }).palette.inpaint(photo, full);
      expect(other).not.toEqual(theirs);
    }
  });

  it("keeps to the trained levels with fewer steps, and in other samplers to their own ways", async () => {
    const smallest = smallestGamma(scheduleFrom(trainingSchedule));
    const { palette, predict } = answering(details);
    await palette.inpaint(photo, { ...full, steps: 4 });
    for (const [{ gamma }] of predict.mock.calls) expect(gamma).toBeGreaterThanOrEqual(smallest);
    const sampled = (config: Partial<ModelConfig>) =>
      answering(config).palette.inpaint(photo, { ...full, sampler: "dpm++" });
    expect(await sampled(details)).toEqual(await sampled({ ...details, ddpm: undefined }));
  });

  it("starts from fresh noise where there is no hole", async () => {
    const { palette, predict } = answering(details);
    const largest: number[] = [];
    // y_t is only lent for the call.
    predict.mockImplementation(async ({ noisy }) => {
      largest.push(Math.max(...noisy));
      return new Float32Array(noisy.length);
    });
    await palette.colorize(photo, { sampler: "ddpm", steps: 12, seed: 3 });
    expect(largest[0]).toBeGreaterThan(2);
  });

  it("of another number of channels is refused", () => {
    const { config } = randomModel();
    const gray = { ...config, network: { ...config.network, channels: 1 } };
    const network = { config: gray, predict: vi.fn(), dispose: async () => {} };
    expect(() => new Palette(network)).toThrow(/1 channels.*loadNetwork/);
  });
});
