/**
 * What restoring costs by the size of the picture, beside `jpegqs` and OpenCV: `npm run
 * bench:restore -- FOLDER...` with folders of photos.
 *
 *   --sizes 0.25,1,1.5,4,12,24   megapixels, 3:2
 *   --tasks 'dejpeg,colorize,inpaint,inpaint --no-sharpen'
 *   --quality 10                 of the JPEG
 *   --record                     writes docs/results/data/restore.json
 *
 * Each row is a run of the built command (`npm run build`) in a process of its own. The pictures are
 * mosaics of the middle squares of held-out photos (every:7:1; see pictures.ts). The hole is
 * 400x300 in the middle of one photo. PSNR is against the mosaic, of a hole within it alone.
 */
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { markdownTable } from "markdown-table";
import { splitHoldOut } from "../../src/data/hold-out.ts";
import { psnr } from "../../src/evaluation/metrics/psnr.ts";
import {
  type Box,
  createMask,
  crop,
  grayscale,
  type Image,
  toBytes,
} from "../../src/image/image.ts";
import { encodeJpeg } from "../../src/node/jpeg.ts";
import { scanPhotos } from "../../src/node/photo-folders.ts";
import { readImage, writeImage } from "../../src/node.ts";
import { inGigabytes } from "../../src/util/format.ts";
import { middleOf } from "../held-out.ts";
import { mosaic, sidesOf } from "./pictures.ts";

const { values, positionals: folders } = parseArgs({
  allowPositionals: true,
  options: {
    sizes: { type: "string", default: "0.25,1,1.5,4,12,24" },
    tasks: { type: "string", default: "dejpeg,colorize,inpaint,inpaint --no-sharpen" },
    quality: { type: "string", default: "10" },
    record: { type: "boolean", default: false },
  },
});

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const opencv = fileURLToPath(new URL("opencv.py", import.meta.url));
const results = fileURLToPath(new URL("../../docs/results/data/restore.json", import.meta.url));
/** Photos that are read: enough for a large picture not to repeat itself at once. */
const mostPhotos = 24;
const hole = { width: 400, height: 300 };

/** What a run took. */
interface Cost {
  readonly seconds: number;
  readonly coreSeconds?: number;
  readonly bytes?: number;
}

/** A run whose output said nothing of its cost, or that could not be started. */
type Peer = (Cost & { readonly name: string; readonly answer: string }) | string;

/** Tells, on standard error's last line, what the process took. */
const teller = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from "node:fs";
  process.on("exit", () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    writeSync(3, JSON.stringify({ bytes: 1024 * maxRSS, coreSeconds: (userCPUTime + systemCPUTime) / 1e6 }));
  });`)}`;

/** Runs `palette`; its progress is shown. */
async function palette(args: readonly string[]): Promise<Cost> {
  const start = performance.now();
  const child = spawn(process.execPath, ["--import", teller, program, ...args], {
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  let told = "";
  child.stdio[3]?.on("data", (part: Buffer) => {
    told += part.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`palette ${args.join(" ")} ended with ${code}.`);
  return { ...JSON.parse(told), seconds: (performance.now() - start) / 1000 };
}

async function jpegqs(picture: string, answer: string): Promise<Peer> {
  const timed = `TIMEFORMAT="%R %U %S"; time jpegqs "$0" "$1" > "$2" 2>&1`;
  try {
    const { stderr } = await promisify(execFile)("bash", [
      "-c",
      timed,
      picture,
      answer,
      `${answer}.log`,
    ]);
    const [seconds = 0, user = 0, system = 0] = stderr.trim().split(" ").map(Number);
    return { name: "jpegqs", answer, seconds, coreSeconds: user + system };
  } catch {
    return "no jpegqs (Debian: jpegqs)";
  }
}

async function inpaintedByOpenCv(method: string, files: readonly string[]): Promise<Peer> {
  const answer = files.at(-1)!;
  for (const python of ["python3", "/usr/bin/python3"]) {
    try {
      const { stdout } = await promisify(execFile)(python, [opencv, method, ...files]);
      return {
        name: method === "telea" ? "Telea" : "Navier-Stokes",
        answer,
        ...JSON.parse(stdout),
      };
    } catch {
      // Another Python may have it.
    }
  }
  return "no OpenCV (Debian: python3-opencv)";
}

if (folders.length === 0)
  throw new Error("Name folders of photos: npm run bench:restore -- FOLDER...");
if (!existsSync(program)) throw new Error("The command is not built: npm run build.");
const { heldOut } = splitHoldOut([await scanPhotos(folders)], "every:7:1");
const chosen = heldOut.slice(0, mostPhotos);
const read = await Promise.all(chosen.map((path) => readImage(path)));
const least = Math.min(512, ...read.map(({ width, height }) => Math.min(width, height)));
const side = 16 * Math.floor(least / 16);
const photos = read.map((photo) => middleOf(photo, { width: side, height: side }));
const columns = [
  ...["task", "megapixels", "seconds", "core seconds", "core seconds a megapixel"],
  ...["peak memory", "PSNR before", "PSNR", "peers: PSNR, seconds"],
];
const temporary = await mkdtemp(join(tmpdir(), "palette-restore-"));
const rows: string[][] = [];
try {
  for (const megapixels of values.sizes.split(",").map(Number)) {
    const { width, height } = sidesOf(megapixels);
    const truth = mosaic(photos, width, height);
    for (const task of values.tasks.split(",")) {
      console.error(`${task}, ${megapixels} megapixels (${width}x${height})`);
      const row = await measured(task, truth);
      if (row === undefined) continue;
      rows.push([task, String(megapixels), ...row]);
      console.error(`  ${row.join(" | ")}`);
      if (values.record) await record();
    }
  }
} finally {
  await rm(temporary, { recursive: true, force: true });
}
console.log(markdownTable([columns, ...rows]));

/** What was measured so far: large pictures take long. */
async function record(): Promise<void> {
  const command = `npm run bench:restore -- FOLDER --sizes ${values.sizes} --quality ${values.quality}`;
  const recorded = new Date().toISOString().slice(0, 10);
  const table = { source: "bench", command, recorded, columns, rows };
  await writeFile(results, `${JSON.stringify(table, undefined, 2)}\n`);
}

/** The cells of a row; undefined where the hole does not fit into a photo of the mosaic. */
async function measured(what: string, truth: Image): Promise<string[] | undefined> {
  const [task = "", ...options] = what.split(" ");
  const answer = join(temporary, "answer.png");
  const whole = { left: 0, top: 0, width: truth.width, height: truth.height };
  if (task === "dejpeg") {
    const jpeg = join(temporary, "picture.jpg");
    await writeFile(jpeg, await encodeJpeg(truth, Number(values.quality)));
    const cost = await palette([task, jpeg, "-o", answer, "--overwrite"]);
    const peer = await jpegqs(jpeg, join(temporary, "peer.jpg"));
    return cells(truth, whole, cost, await decibels(truth, jpeg, whole), answer, [peer]);
  }
  const picture = join(temporary, "picture.png");
  if (task === "colorize") {
    await writeImage(picture, grayscale(truth));
    const cost = await palette([task, picture, "-o", answer, "--overwrite"]);
    return cells(truth, whole, cost, await decibels(truth, picture, whole), answer, []);
  }
  if (truth.width < 2 * hole.width || truth.height < 2 * hole.height) return undefined;
  // In the middle of the second photo, where all sizes of picture have the same.
  const box = { left: side + ((side - hole.width) >> 1), top: (side - hole.height) >> 1, ...hole };
  const mask = createMask(truth.width, truth.height);
  for (let y = box.top; y < box.top + box.height; y++)
    mask.data.fill(1, y * truth.width + box.left, y * truth.width + box.left + box.width);
  const maskFile = join(temporary, "mask.png");
  const black = {
    ...truth,
    data: Float32Array.from(truth.data, (_, i) => 2 * mask.data[i % mask.data.length]! - 1),
  };
  await writeImage(maskFile, black);
  await writeImage(picture, truth);
  const masked = ["--mask", maskFile, ...options];
  const cost = await palette(["inpaint", picture, ...masked, "-o", answer, "--overwrite"]);
  const peers: Peer[] = [];
  for (const method of ["telea", "navier-stokes"])
    peers.push(
      await inpaintedByOpenCv(method, [picture, maskFile, join(temporary, `${method}.png`)]),
    );
  return cells(truth, box, cost, undefined, answer, peers);
}

async function cells(
  truth: Image,
  box: Box,
  { seconds, coreSeconds = 0, bytes = 0 }: Cost,
  before: number | undefined,
  answer: string,
  peers: readonly Peer[],
): Promise<string[]> {
  const megapixels = (truth.width * truth.height) / 1e6;
  const beside: string[] = [];
  for (const peer of peers) {
    if (typeof peer === "string") beside.push(peer);
    else
      beside.push(
        `${peer.name} ${(await decibels(truth, peer.answer, box)).toFixed(2)}, ${peer.seconds.toFixed(2)} s`,
      );
  }
  return [
    ...[seconds.toFixed(1), coreSeconds.toFixed(1), (coreSeconds / megapixels).toFixed(2)],
    ...[inGigabytes(bytes), before?.toFixed(2) ?? ""],
    ...[(await decibels(truth, answer, box)).toFixed(2), [...new Set(beside)].join("; ")],
  ];
}

async function decibels(truth: Image, file: string, box: Box): Promise<number> {
  const [a, b] = [crop(truth, box), crop(await readImage(file), box)];
  return psnr(toBytes(a), toBytes(b), a);
}
