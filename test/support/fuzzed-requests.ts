/** Requests that are wrong in some way, or in many: for the tests of the server and its bench. */
import type { Random } from "../../src/util/random.ts";

export interface FuzzedRequest {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

const text = (value: string) => new TextEncoder().encode(value);

const tasks = ["colorize", "inpaint", "uncrop", "panorama", "dejpeg", "upscale"];
const odd: readonly unknown[] = [
  ...[null, true, [], {}, "", "x", -1, 0, 0.5, 1e308, -1e308, 2 ** 53, 17, 9999],
  ...[
    "__proto__",
    "../../etc/passwd",
    "\u0000",
    "\ud800",
    "a".repeat(5000),
    [[[[]]]],
    { a: { b: {} } },
  ],
];
const optionNames = [
  ...["model", "samples", "steps", "seed", "sampler", "mean", "sharpen", "force"],
  ...["margins", "widen", "scale", "__proto__", "constructor", "nothing"],
];

/** How much of a request goes wrong. */
interface Wildness {
  readonly random: Random;
  readonly pictures: readonly Uint8Array[];
  /** Whether something that goes wrong with this probability in the wildest requests does so. */
  errs(probability: number): boolean;
}

/** Options as JSON: right, odd or no JSON at all. */
function fuzzedOptions({ random, errs }: Wildness): string {
  const options: Record<string, unknown> = { steps: 1 };
  for (let n = 3; n > 0; n--) {
    if (errs(0.6)) options[random.pick(optionNames)] = random.pick(odd);
  }
  if (errs(0.3)) {
    const side = () => random.pick([0, 1, 3, -1, 0.5, 1e9, null]);
    options.margins = { left: side(), right: side(), top: side(), bottom: side() };
  }
  return cut(JSON.stringify(options), 0.2, { random, errs });
}

/** A picture's file: whole, cut, or with some bytes changed; or none. */
function fuzzedFile({ random, pictures, errs }: Wildness): Uint8Array {
  const picture = random.pick(pictures);
  if (!errs(0.9)) return picture;
  if (random.uniform() < 0.2) return picture.subarray(0, random.integer(0, picture.length));
  if (random.uniform() < 0.2) {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="99999" height="99999"/>';
    const none = [
      text(svg),
      text("GIF89a"),
      text("%PDF-1.4"),
      new Uint8Array(64),
      new Uint8Array(0),
    ];
    return random.pick(none);
  }
  const changed = Uint8Array.from(picture);
  const end = random.uniform() < 0.5 ? 64 : changed.length;
  for (let n = random.integer(1, 12); n > 0; n--) {
    changed[random.integer(0, Math.min(end, changed.length) - 1)] = random.integer(0, 255);
  }
  return changed;
}

function form(task: string, wild: Wildness): [Uint8Array, string] {
  const { random, errs } = wild;
  const boundary = "boundary-of-a-form";
  const parts: Uint8Array[] = [];
  const names = ["image", "mask", "options", "task", "image", "nothing", "", 'a"b'];
  const fields: readonly [name: string, content: () => Uint8Array][] = [
    ["image", () => fuzzedFile(wild)],
    ["task", () => text(errs(0.1) ? String(random.pick(odd)) : task)],
    ["options", () => text(fuzzedOptions(wild))],
    ["mask", () => fuzzedFile(wild)],
  ];
  for (const [name, content] of fields) {
    if (errs(0.1)) continue;
    const field = errs(0.1) ? random.pick(names) : name;
    const isFile = (name === "image" || name === "mask") !== errs(0.1);
    const file = isFile ? '; filename="photo.png"\r\nContent-Type: image/png' : "";
    const head = `Content-Disposition: form-data; name="${field}"${file}`;
    parts.push(text(`--${boundary}\r\n${head}\r\n\r\n`), content(), text("\r\n"));
  }
  parts.push(text(`--${boundary}--\r\n`));
  const body = Buffer.concat(parts);
  const said = errs(0.1)
    ? random.pick(["", "; boundary=", "; boundary=x"])
    : `; boundary=${boundary}`;
  return [
    errs(0.1) ? body.subarray(0, random.integer(0, body.length)) : body,
    `multipart/form-data${said}`,
  ];
}

function json(task: string, wild: Wildness): [Uint8Array, string] {
  const { random, errs } = wild;
  const file = () => {
    const base64 = Buffer.from(fuzzedFile(wild)).toString("base64");
    return errs(0.2) ? random.pick([base64.slice(1), `data:,${base64}`, ...odd]) : base64;
  };
  const options = fuzzedOptions(wild);
  const value: Record<string, unknown> = {
    task: errs(0.1) ? random.pick(odd) : task,
    image: file(),
    mask: file(),
    options: errs(0.1) ? options : parsed(options),
  };
  if (errs(0.2)) value[random.pick(optionNames)] = random.pick(odd);
  const whole = JSON.stringify(errs(0.05) ? random.pick(odd) : value);
  const types = ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"];
  return [text(cut(whole, 0.1, wild)), random.pick(types)];
}

function cut(
  whole: string,
  probability: number,
  { random, errs }: Pick<Wildness, "random" | "errs">,
) {
  return errs(probability) ? whole.slice(0, random.integer(0, whole.length)) : whole;
}

function parsed(options: string): unknown {
  try {
    return JSON.parse(options);
  } catch {
    return options;
  }
}

const addresses = [
  ...["/api/v1/jobs/x", "/api/v1/jobs/%00/events", "/api/v1/jobs/../results/0"],
  ...["/api/v1/jobs/x/results/-1", "/api/v1/jobs//events", "/api/v1/folder", "/api/v1/models"],
  ...["/api/v1/folder/..%2f..", "/%ff", "/api/v1/"],
];
const methods = ["GET", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD"];
const queries = [
  "?format=bmp",
  "?quality=0",
  "?format=webp&quality=1e3",
  "?x=1",
  "?format=jpeg&format=png",
];

/** @param pictures files of few pixels, of several formats */
export function fuzzedRequest(pictures: readonly Uint8Array[], random: Random): FuzzedRequest {
  const roll = random.uniform();
  if (roll < 0.08) {
    return { path: random.pick(addresses), method: random.pick(methods), headers: {} };
  }
  if (roll < 0.16) {
    const body = Uint8Array.from({ length: random.integer(0, 300) }, () => random.integer(0, 255));
    const types = [
      "application/json",
      "multipart/form-data; boundary=x",
      "text/plain",
      "image/png",
    ];
    const path = random.pick(["/api/v1/jobs", "/api/v1/folder", "/api/v1/inpaint"]);
    return { path, method: "POST", headers: { "content-type": random.pick(types) }, body };
  }
  const wildness = random.pick([0, 0.1, 0.3, 1]);
  const wild: Wildness = {
    ...{ random, pictures },
    errs: (probability) => random.uniform() < wildness * probability,
  };
  const task = random.pick(tasks);
  const [body, type] = random.uniform() < 0.6 ? form(task, wild) : json(task, wild);
  const query = wild.errs(0.5)
    ? random.pick(queries)
    : random.pick(["", "?format=jpeg&metadata=strip"]);
  const path = random.uniform() < 0.6 ? "/api/v1/jobs" : `/api/v1/${task}${query}`;
  return { path, method: "POST", headers: { "content-type": type }, body };
}
