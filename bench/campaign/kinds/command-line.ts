/** Command lines: drawn from what the commands declare, with valid, boundary and wrong values. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { Command, CommanderError, InvalidArgumentError, type Option } from "commander";
import { commands } from "../../../src/cli/commands/index.ts";
import type { Random } from "../../../src/util/random.ts";
import type { Case, CaseKind, Place } from "../cases.ts";
import { shortTraining, smallest, specimens } from "../specimens.ts";

/** What the command lines speak of, copied into the room: none of it may change. */
const desk = [
  ...[specimens.model, specimens.photos, specimens.nets, specimens.mask],
  ...["tiny.pth", specimens.theirConfig, "rgb.png", "alpha.png", "turned.jpg", "baseline.jpg"],
];

const restoring = ["rgb.png", "--model", "model", "--steps", "1", "--threads", "1"];
const nets = ["--nets", "nets", "--features", "tiny"];

/** A command line of each command that is done quickly. */
const bases: Readonly<Record<string, readonly string[]>> = {
  colorize: restoring,
  inpaint: [...restoring, "--mask", "mask.png"],
  uncrop: restoring,
  dejpeg: restoring,
  upscale: restoring,
  panorama: [...restoring, "--left", "0", "--right", "1"],
  train: ["--data", "photos", "--out", "run", ...shortTraining, "--images", "2", "--dry-run"],
  evaluate: [
    ...["--model", "model", "--data", "photos", "--tasks", "colorize", "--crops", "2"],
    ...["--reference-crops", "4", "--steps", "1", "--samples", "1", "--replicates", "0"],
    ...["--threads", "1", "-o", "report", ...nets, "--classifier", "tiny"],
  ],
  fid: ["photos", "photos", ...nets],
  import: ["tiny.pth", "--config", "tiny.jsonc", "-o", "imported"],
  export: ["model", "-o", "x.onnx"],
  info: ["model"],
  bench: ["--network", smallest, "--batch", "1", "--steps", "1", "--warmup", "0", "--threads", "1"],
  features: ["list", "--nets", "nets"],
  nets: ["list"],
};

async function make(random: Random, place: Place): Promise<Case> {
  for (const name of desk)
    await cp(place.specimen(name), join(place.room, name), { recursive: true });
  const entry = random.pick(commands.filter(({ name }) => bases[name] !== undefined));
  const command = new Command(entry.name).exitOverride();
  await entry.declare(command);
  const argv = [entry.name, ...(bases[entry.name] ?? [])];
  let wrong = entry.name === "nets";
  const options = command.options.filter((option) => option.long !== "--help");
  const count = random.pick([0, 1, 1, 1, 2, 2, 3, 4]);
  for (let k = 0; k < count; k++) {
    if (options.length === 0) break;
    const option = random.pick(options);
    const drawn = draw(option, random);
    // Most options may be given once: the base's value is replaced, or now and then a second one
    // given.
    const there = argv.findIndex((word) => word === option.long || word === option.short);
    const replaced = there >= 0 && !option.isBoolean() && random.uniform() < 0.9;
    if (replaced) argv.splice(there, 2, ...drawn.words);
    else argv.push(...drawn.words);
    wrong ||= drawn.wrong;
  }
  const kind = random.uniform();
  const odd = kind < 0.15 ? random.pick(mistakes)(argv, random) : undefined;
  // Where words were moved, a wrong value may be none any more.
  wrong = odd?.moves !== true && (wrong || odd?.wrong === true);
  const what = odd === undefined ? "" : `${odd.how}: `;
  return {
    what: `${what}${argv.join(" ")}`.slice(0, 300),
    run: { argv },
    // A value that its option's parser refuses is a wrong call; others may be, or name nothing.
    codes: wrong ? [2] : count === 0 && odd === undefined ? [0] : [0, 1, 2],
    mayChange: ["run", "report", "imported", "x.onnx", "out"].map((name) => join(place.room, name)),
  };
}

interface Drawn {
  readonly words: readonly string[];
  /** Whether the option's own parser refuses it. */
  readonly wrong: boolean;
}

/** The option with a value: among its choices, at its borders, or none that it knows. */
function draw(option: Option, random: Random): Drawn {
  const flag = option.long ?? option.short ?? "";
  if (option.isBoolean()) return { words: [flag], wrong: false };
  // What a graphics driver writes on a machine without one is not the program's.
  const argChoices = option.argChoices?.filter((choice) => choice !== "webgpu");
  const known = values[option.attributeName()];
  for (;;) {
    const value =
      argChoices !== undefined && random.uniform() < 0.6
        ? random.pick(argChoices)
        : known !== undefined && random.uniform() < 0.6
          ? random.pick(known)
          : random.pick(random.uniform() < 0.5 ? ordinary : anything);
    const parsed = parse(option, value);
    if (typeof parsed === "number" && parsed > (dear[option.attributeName()] ?? 9e15)) continue;
    const words = random.uniform() < 0.8 ? [flag, value] : [`${flag}=${value}`];
    // A value that begins as an option is taken for one unless it is tied to its flag.
    const tied = value.startsWith("-") ? [`${flag}=${value}`] : words;
    return { words: tied, wrong: parsed === refused };
  }
}

const refused = Symbol("refused");

function parse(option: Option, value: string): unknown {
  if (option.parseArg === undefined) return value;
  try {
    return option.parseArg(value, undefined as never);
  } catch (error) {
    if (error instanceof InvalidArgumentError || error instanceof CommanderError) return refused;
    throw error;
  }
}

/** From here on a number is a wish for long work, not a mistake. */
const dear: Readonly<Record<string, number>> = {
  ...{ steps: 3, samples: 2, left: 2, right: 2, images: 6, hours: 1e-4, batch: 4, warmup: 2 },
  ...{ crops: 4, referenceCrops: 8, replicates: 4, threads: 4, accumulate: 4, ratio: 1 },
};

/** By option: what it may well be given. */
const values: Readonly<Record<string, readonly string[]>> = {
  model: ["model", "photos-64", "photos", "model/config.json", "gone", "models"],
  out: ["out", "a/b/c", "x.png", "x.jpg", "x.webp", "x.bmp", ".", "model", "photos", "rgb.png"],
  mask: ["mask.png", "random", "alpha", "alpha.png", "photos", "turned.jpg"],
  data: ["photos", "photos:0.5", ".", "model", "photos:0", "photos/photo-000.png"],
  config: ["tiny.jsonc", "model/config.json", "rgb.png"],
  safetensors: ["x.safetensors", "model/weights.safetensors", "rgb.png", "x.onnx", "a/b.txt"],
  network: [smallest, "{}", "model/config.json", "{"],
  tasks: ["colorize", "inpaint,dejpeg", "colorize,colorize", ",", "upscale"],
  mix: ["dejpeg:2", "colorize:1,inpaint:3", "dejpeg", "dejpeg:0", "dejpeg:2,dejpeg:2"],
  holdOut: ["none", "every:2:1", "every:0:0", "every:2:9", "every:1:0", "every:x:1"],
  weights: ["tiny.jsonc", "photos"],
  from: ["model", "gone", "run/model", "photos"],
  others: ["x=photos", "=photos", "x=", "a/b=photos"],
  masks: ["center", "center,center", "free-form", "nothing"],
  sides: ["right", "left,right", "middle"],
  qualities: ["5", "5,5", "100", "0", "5.5"],
  factors: ["2", "1", "99"],
  steps: ["1", "2", "ddim:2", "ddpm:0", "dpm++:1:eta=9", "ddim:2,ddim:2"],
  to: ["16:9", "1920x1080", "0x0", "1:0", "64x64", "99999x99999"],
  features: ["tiny", "googlenet", "nothing"],
  classifier: ["tiny", "nothing"],
  nets: ["nets", "gone", "rgb.png"],
  checkpointEvery: ["10min", "2", "0min", "1e999min", "min"],
  folders: ["photos"],
};

const ordinary = ["0", "1", "2", "3", "0.5", "0.25", "7", "10", "90", "x"];

const anything = [
  ...["", " ", "-", "--", "0", "1", "-1", "2", "1.5", "1e3", "0x10", "NaN", "nan", "Infinity"],
  ...["-Infinity", "1e999", "9007199254740993", "99999999999999999999", "\u0663", "1,2", "none"],
  ...["null", "true", "__proto__", "constructor", "toString", "x", "a b", "a\nb", "\u{1f3de}"],
  ...["../..", "/", "/dev/null", "https://example.org/x.png", "*.jpg", "x.zip", "x".repeat(5000)],
];

interface Mistaken {
  readonly how: string;
  /** Whether it has to be refused as a wrong call. */
  readonly wrong?: boolean;
  /** Whether words that were there now mean something else. */
  readonly moves?: boolean;
}

type Mistake = (argv: string[], random: Random) => Mistaken;

/** Changes the command line itself. */
const mistakes: readonly Mistake[] = [
  (argv, random) => {
    argv.push(random.pick(["--nonsense", "--stpes=3", "-z", "--Seed", "--seed5"]));
    return { how: "an unknown option", wrong: true };
  },
  (argv) => {
    // Of all commands bench alone then has much to do.
    if (argv[0] !== "bench") argv.splice(1);
    return { how: "nothing given", moves: true };
  },
  (argv) => {
    argv.push("--out");
    return { how: "an option without its value" };
  },
  (argv, random) => {
    argv[0] = random.pick(["colourise", "", "Colorize", "__proto__", "constructor"]);
    return { how: "no such command", wrong: true };
  },
  (argv, random) => {
    argv.splice(random.integer(1, argv.length - 1), 1);
    return { how: "a word left out", moves: true };
  },
  (argv, random) => {
    const at = random.integer(1, argv.length - 1);
    argv.splice(at, 0, argv[random.integer(1, argv.length - 1)] ?? "");
    return { how: "a word twice", moves: true };
  },
  (argv, random) => {
    argv.push(random.pick(["", "more", "photos", "gone.png", "a\nb"]));
    return { how: "one argument more" };
  },
];

export const commandLine: CaseKind = {
  name: "line",
  title: "command lines",
  share: 1700,
  make,
};
