/**
 * Requests that hand in a job: read within bounds, parsed, and checked before anything is decoded.
 */
import type { z } from "zod";
import { omitUndefined } from "../../util/omit-undefined.ts";
import { optionsSchema, taskSchema } from "../api/options.ts";
import type { StudioOptions, StudioTask } from "../web/restorer.ts";
import type { ByteBudget, ByteShare } from "./byte-budget.ts";
import type { Limits } from "./limits.ts";
import { HttpProblem } from "./problem.ts";

/** A request that hands in a job, its files as they came. */
export interface JobRequest {
  readonly task: StudioTask;
  readonly image: Uint8Array;
  readonly mask?: Uint8Array;
  readonly options: StudioOptions;
}

/** What a form may have, and nothing twice. */
const fields = ["task", "image", "mask", "options"] as const;
type Field = (typeof fields)[number];
interface Fields {
  task?: string | Uint8Array;
  image?: string | Uint8Array;
  mask?: string | Uint8Array;
  /** Read, not checked. */
  options?: unknown;
}

/**
 * The body, as far as there is room for it; its bytes are the share's.
 * @throws HttpProblem 413 for a body that is too large, 429 when all requests together are
 */
export async function readBody(
  request: Request,
  { uploadBytes }: Pick<Limits, "uploadBytes">,
  budget: ByteBudget,
): Promise<{ body: Uint8Array<ArrayBuffer>; share: ByteShare }> {
  const megabytes = (uploadBytes / 2 ** 20).toFixed(uploadBytes < 2 ** 20 ? 3 : 0);
  const tooLarge = () =>
    new HttpProblem(413, `A request holds at most ${megabytes} MiB; send a smaller file.`);
  if (Number(request.headers.get("content-length") ?? 0) > uploadBytes) throw tooLarge();
  const share = budget.open();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of request.body ?? []) {
      length += part.length;
      if (length > uploadBytes) throw tooLarge();
      if (!share.grow(part.length)) {
        throw new HttpProblem(429, "Too many photos are waiting; try again in 10 s.", 10);
      }
      parts.push(part);
    }
  } catch (error) {
    share.release();
    if (error instanceof HttpProblem) throw error;
    throw new HttpProblem(400, "The request ended before its end; send it again.");
  }
  return { body: joined(parts, length), share };
}

/**
 * @param task of an address that names it
 * @throws HttpProblem naming the first thing that is wrong
 */
export async function parseJobRequest(
  body: Uint8Array<ArrayBuffer>,
  contentType: string | undefined,
  task?: StudioTask,
): Promise<JobRequest> {
  const given = await fieldsOf(body, contentType);
  const named = given.task ?? task;
  if (task !== undefined && named !== task) {
    throw new HttpProblem(422, `The address says ${task}, and the task is another; leave it out.`);
  }
  const image = imageOf(given);
  const { mask } = given;
  if (typeof mask === "string") {
    throw new HttpProblem(422, "The mask is not a file; send a picture's file as the field mask.");
  }
  const options = checked(optionsSchema, given.options ?? {}, "options");
  return {
    task: checked(taskSchema, named, "task"),
    image,
    ...omitUndefined({ mask }),
    options,
  };
}

/** @throws HttpProblem 415 or 400 */
export function jsonOf(body: Uint8Array, contentType = ""): unknown {
  if (!/^application\/json\b/i.test(contentType)) throw new HttpProblem(415, "Send JSON.");
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    throw new HttpProblem(400, "The body is no JSON; check quotes and commas.");
  }
}

/**
 * The picture of a request that hands in nothing else.
 * @throws HttpProblem naming the first thing that is wrong
 */
export async function parsePicture(
  body: Uint8Array<ArrayBuffer>,
  contentType: string | undefined,
): Promise<Uint8Array> {
  const given = await fieldsOf(body, contentType);
  const more = fields.find((field) => field !== "image" && given[field] !== undefined);
  if (more !== undefined) {
    throw new HttpProblem(422, `A picture has no ${more}; send its file as the field image alone.`);
  }
  return imageOf(given);
}

async function fieldsOf(
  body: Uint8Array<ArrayBuffer>,
  contentType: string | undefined,
): Promise<Fields> {
  const kind = contentType?.split(";", 1)[0]?.trim().toLowerCase();
  if (kind === "multipart/form-data") return formFields(body, contentType ?? "");
  if (kind === "application/json") return jsonFields(body);
  throw new HttpProblem(
    415,
    "Send multipart/form-data with the fields task, image, mask, options, or JSON with them.",
  );
}

function imageOf({ image }: Fields): Uint8Array {
  if (image instanceof Uint8Array) return image;
  throw new HttpProblem(422, "There is no image; send the photo's file as the field image.");
}

/** @throws HttpProblem naming the first field that is wrong */
export function checked<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = [name, ...(issue?.path ?? [])].join(".");
  // A list of keys is as long as the request.
  const [unknown] = issue?.code === "unrecognized_keys" ? issue.keys : [];
  const complaint =
    unknown === undefined ? issue?.message : `there is no ${JSON.stringify(unknown.slice(0, 50))}`;
  throw new HttpProblem(422, `${path}: ${complaint ?? "is wrong"}; see /openapi.json.`);
}

async function formFields(body: Uint8Array<ArrayBuffer>, contentType: string): Promise<Fields> {
  checkParts(body, contentType);
  const headers = { "content-type": contentType };
  const form = await new Response(body, { headers }).formData().catch(() => {
    throw new HttpProblem(400, "The form is broken; send multipart/form-data with its boundary.");
  });
  const given: Fields = {};
  for (const [name, value] of form) {
    const field = fields.find((one) => one === name);
    if (field === undefined) {
      throw new HttpProblem(
        422,
        `There is no field ${JSON.stringify(name.slice(0, 50))}; the fields are ${fields.join(", ")}.`,
      );
    }
    if (given[field] !== undefined) {
      throw new HttpProblem(422, `The field ${field} is there twice; send it once.`);
    }
    const isFile = field === "image" || field === "mask";
    if (isFile && typeof value === "string") {
      throw new HttpProblem(
        422,
        `The field ${field} is not a file; send it as one (curl: ${field}=@photo.jpg).`,
      );
    }
    given[field] = isFile ? await bytesOf(value) : await textOf(value);
  }
  if (given.options !== undefined) {
    given.options = parsed(Buffer.from(String(given.options)), "The options are");
  }
  return given;
}

/** More parts than a form has fields cost memory for nothing. */
function checkParts(body: Uint8Array<ArrayBuffer>, contentType: string): void {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) {
    throw new HttpProblem(400, "The form has no boundary; let the program set the content type.");
  }
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let parts = 0;
  for (let at = bytes.indexOf(`--${boundary}`); at >= 0; parts++) {
    if (parts > 2 * fields.length) {
      throw new HttpProblem(
        422,
        `The form has too many parts; the fields are ${fields.join(", ")}.`,
      );
    }
    at = bytes.indexOf(`--${boundary}`, at + boundary.length + 2);
  }
}

async function bytesOf(value: string | File): Promise<Uint8Array> {
  return typeof value === "string" ? Buffer.from(value) : new Uint8Array(await value.arrayBuffer());
}

function textOf(value: string | File): Promise<string> | string {
  return typeof value === "string" ? value : value.text();
}

function jsonFields(body: Uint8Array): Fields {
  const value = parsed(body, "The body is");
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HttpProblem(422, "The body is not an object; send task, image, mask and options.");
  }
  const unknown = Object.keys(value).find((key) => !fields.includes(key as Field));
  if (unknown !== undefined) {
    throw new HttpProblem(
      422,
      `There is no field ${JSON.stringify(unknown.slice(0, 50))}; the fields are ${fields.join(", ")}.`,
    );
  }
  const { task, image, mask, options } = value as Record<Field, unknown>;
  return {
    ...(task !== undefined && { task: checked(taskSchema, task, "task") }),
    ...(image !== undefined && { image: fromBase64(image, "image") }),
    ...(mask !== undefined && { mask: fromBase64(mask, "mask") }),
    options,
  };
}

function fromBase64(text: unknown, field: Field): Uint8Array {
  const complaint = () =>
    new HttpProblem(422, `The field ${field} is not a file in base64; encode the file's bytes.`);
  if (typeof text !== "string") throw complaint();
  const bytes = Buffer.from(text, "base64");
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  // What is no base64 is left out by the decoder, so that bytes are missing.
  if (text.length % 4 !== 0 || bytes.length !== (text.length / 4) * 3 - padding) throw complaint();
  return bytes;
}

/** Signs of structure in a request's JSON: files in base64 have none. */
const mostStructure = 1000;

/** Deep and wide structures take the parser minutes: they are refused by counting. */
function parsed(json: Uint8Array, name: string): unknown {
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  for (const sign of ["[", "{", ","]) {
    let count = 0;
    for (let at = bytes.indexOf(sign); at >= 0; at = bytes.indexOf(sign, at + 1)) {
      if (++count > mostStructure) {
        throw new HttpProblem(
          422,
          `${name} of too many parts; send the fields ${fields.join(", ")}.`,
        );
      }
    }
  }
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new HttpProblem(400, `${name} no JSON; check quotes and commas.`);
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
