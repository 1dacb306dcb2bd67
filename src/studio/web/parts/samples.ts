/** Sample photos, each made into what its way of working mends. */
import beach from "../../../../samples/beach.jpg";
import fields from "../../../../samples/fields.jpg";
import hills from "../../../../samples/hills.jpg";
import mountain from "../../../../samples/mountain.jpg";
import { marginsForSide } from "../extend/frame.ts";
import { fillPolygon } from "../mask/bitmap.ts";
import type { Studio } from "../state/studio.ts";

export interface Sample {
  readonly way: "colorize" | "fill" | "extend" | "repair";
  readonly name: string;
  readonly address: string;
}

export const samples: readonly Sample[] = [
  { way: "colorize", name: "hills.png", address: hills },
  { way: "fill", name: "beach.jpg", address: beach },
  { way: "extend", name: "mountain.jpg", address: mountain },
  { way: "repair", name: "fields.jpg", address: fields },
];

/** Around the rock of the beach, as shares of width and height. */
const rock = [
  [0.49, 0.84],
  [0.55, 0.62],
  [0.62, 0.48],
  [0.66, 0.42],
  [0.71, 0.49],
  [0.76, 0.62],
  [0.79, 0.77],
  [0.73, 0.9],
  [0.61, 0.94],
  [0.51, 0.92],
] as const;

export async function openSample(studio: Studio, { way, name, address }: Sample): Promise<void> {
  try {
    const file = await (await fetch(address)).blob();
    await studio.open(await spoiled(file, way), name);
    studio.choose(way);
    const { editor } = studio;
    const photo = editor.base.value;
    if (photo === undefined) return;
    if (way === "extend") editor.frameEdits.set(marginsForSide(photo, "right", 0.5));
    if (way === "fill") {
      const { width, height } = photo;
      const outline = rock.map(([x, y]) => ({ x: x * width, y: y * height }));
      editor.mask.value?.edit((mask) => fillPolygon(mask, outline, 1));
    }
  } catch (error) {
    studio.notices.fail(error);
  }
}

/** The photo in need of its task. */
async function spoiled(file: Blob, way: Sample["way"]): Promise<Blob> {
  if (way !== "colorize" && way !== "repair") return file;
  const picture = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d")!;
  context.drawImage(picture, 0, 0);
  if (way === "colorize") {
    // A gray has no saturation: the picture takes its.
    context.globalCompositeOperation = "saturation";
    context.fillStyle = "gray";
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  picture.close();
  return way === "repair"
    ? canvas.convertToBlob({ type: "image/jpeg", quality: 0.08 })
    : canvas.convertToBlob({ type: "image/png" });
}
