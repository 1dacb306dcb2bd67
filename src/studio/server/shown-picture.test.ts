import { beforeAll, expect, it } from "vitest";
import { pictureFile, savedModel, withStudio } from "../../../test/support/studio.ts";
import { temporaryFiles } from "../../../test/support/temporary-files.ts";
import { sharp } from "../../node/sharp.ts";
import { paths } from "../client/index.ts";

const { at } = temporaryFiles("");
let models: string[];

beforeAll(async () => {
  models = [await savedModel(at("model"))];
});

/** A TIFF of two columns, the right one half transparent, that lies on its side. */
function scan(): Promise<Buffer> {
  const rgba = Buffer.from([200, 100, 50, 255, 10, 20, 30, 128]);
  return sharp(rgba, { raw: { width: 2, height: 1, channels: 4 } })
    .withMetadata({ orientation: 6 })
    .tiff({ compression: "lzw" })
    .toBuffer();
}

const blob = (file: Uint8Array) => new Blob([new Uint8Array(file)]);

it("makes a PNG of a TIFF: upright, with its transparency, without metadata", () =>
  withStudio({ models }, async ({ client, load }) => {
    const shown = await client().picture(blob(await scan()));
    expect(shown.type).toBe("image/png");
    const file = new Uint8Array(await shown.arrayBuffer());
    const { format, orientation, exif } = await sharp(file).metadata();
    expect([format, orientation, exif]).toEqual(["png", undefined, undefined]);
    const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([1, 2, 4]);
    expect([...data]).toEqual([200, 100, 50, 255, 10, 20, 30, 128]);
    expect(load().heldBytes).toBe(0);
  }));

it("refuses what is no picture, broken or too large, before it is decoded", () =>
  withStudio({ models, limits: { pixels: 40, uploadBytes: 4000 } }, async ({ client, load }) => {
    const refusal = async (file: Uint8Array) => {
      const error: unknown = await client()
        .picture(blob(file))
        .catch((thrown: unknown) => thrown);
      const { status, message } = error as { status: number; message: string };
      return `${status} ${message}`;
    };
    expect(await refusal(Buffer.from("<svg/>"))).toMatch(/^415 The image is not a picture/);
    expect(await refusal(await pictureFile())).toMatch(/^413 The image has 8x6 pixels/);
    expect(await refusal(Buffer.alloc(5000))).toMatch(/^413 A request holds at most/);
    const cut = (await pictureFile(6, 6, "jpeg")).subarray(0, -80);
    expect(await refusal(cut)).toMatch(/^422 .*(cut|broken|truncated|decoded)/i);
    expect(load().heldBytes).toBe(0);
  }));

it("takes a picture alone, also in base64", () =>
  withStudio({ models }, async ({ url }) => {
    const image = (await pictureFile()).toString("base64");
    const post = (body: object) =>
      fetch(url + paths.pictures, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    expect((await post({ image })).headers.get("content-type")).toBe("image/png");
    const more = await post({ image, task: "colorize" });
    expect([more.status, (await more.json()).detail]).toEqual([
      422,
      "A picture has no task; send its file as the field image alone.",
    ]);
    expect((await post({})).status).toBe(422);
  }));
