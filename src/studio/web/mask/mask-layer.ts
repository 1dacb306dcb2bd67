/**
 * The mask of a photo: its bitmap, the canvas that shows it, undo and redo. Its pixels are the
 * photo's, up to four million of them; a larger photo has a coarser mask.
 */
import { computed, signal } from "@preact/signals";
import { type Box, luma } from "../../../image/image.ts";
import type { Size } from "../../../image/model-size.ts";
import {
  createBitmap,
  emptyBox,
  filledShare,
  isEmpty,
  type MaskBitmap,
  union,
  wholeBox,
} from "./bitmap.ts";
import { type MaskHistory, noEdits, recordEdit, redoEdit, undoEdit } from "./mask-history.ts";

const mostPixels = 4_000_000;
/** How the mask shows on the photo; the overlay is drawn half transparent. */
const tint = [255, 61, 104] as const;

export class MaskLayer {
  readonly photo: Size;
  /** Mask pixels by photo pixels, at most 1. */
  readonly scale: number;
  readonly bitmap: MaskBitmap;
  readonly canvas: HTMLCanvasElement;
  /** Counts changes; who draws the mask reads it. */
  readonly version = signal(0);
  readonly #history = signal<MaskHistory>(noEdits);
  readonly canUndo = computed(() => this.#history.value.past.length > 0);
  readonly canRedo = computed(() => this.#history.value.future.length > 0);
  /** From 0 to 1, of finished edits. */
  readonly share = signal(0);

  readonly #before: Uint8Array;
  #dirty: Box | undefined;

  constructor(photo: Size) {
    this.photo = photo;
    this.scale = Math.min(1, Math.sqrt(mostPixels / (photo.width * photo.height)));
    const side = (pixels: number) => Math.max(1, Math.round(pixels * this.scale));
    this.bitmap = createBitmap(side(photo.width), side(photo.height));
    this.#before = new Uint8Array(this.bitmap.data.length);
    this.canvas = document.createElement("canvas");
    this.canvas.width = this.bitmap.width;
    this.canvas.height = this.bitmap.height;
  }

  /** An edit begins: what is drawn from now on is one step of undo. */
  begin(): void {
    this.#before.set(this.bitmap.data);
    this.#dirty = emptyBox;
  }

  /** Something was drawn in `box`. */
  touch(box: Box): void {
    this.#dirty = union(this.#dirty ?? emptyBox, box);
    this.#show(box);
  }

  /** Takes back what was drawn since `begin`; the edit goes on. */
  restart(): void {
    if (this.#dirty === undefined || isEmpty(this.#dirty)) return;
    const { left, top, width, height } = this.#dirty;
    for (let y = top; y < top + height; y++) {
      const at = y * this.bitmap.width + left;
      this.bitmap.data.set(this.#before.subarray(at, at + width), at);
    }
    this.#show(this.#dirty);
    this.#dirty = emptyBox;
  }

  end(): void {
    if (this.#dirty === undefined) return;
    this.#history.value = recordEdit(this.#history.value, this.bitmap, this.#before, this.#dirty);
    this.#dirty = undefined;
    this.share.value = filledShare(this.bitmap);
  }

  cancel(): void {
    this.restart();
    this.#dirty = undefined;
  }

  /** One whole edit. */
  edit(draw: (mask: MaskBitmap) => Box): void {
    this.end();
    this.begin();
    this.touch(draw(this.bitmap));
    this.end();
  }

  undo(): boolean {
    return this.#travel(undoEdit);
  }

  redo(): boolean {
    return this.#travel(redoEdit);
  }

  /** Reads a picture as a mask: what is bright and opaque is filled. */
  async load(file: Blob): Promise<void> {
    const { width, height } = this.bitmap;
    const picture = await createImageBitmap(file);
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(picture, 0, 0, width, height);
    picture.close();
    const { data } = context.getImageData(0, 0, width, height);
    this.edit((mask) => {
      for (let i = 0, j = 0; i < mask.data.length; i++, j += 4) {
        const bright = luma(data[j]!, data[j + 1]!, data[j + 2]!) * (data[j + 3]! / 255);
        mask.data[i] = bright >= 127.5 ? 1 : 0;
      }
      return wholeBox(mask);
    });
  }

  /** A PNG of the photo's size, white where it is to be filled. */
  async toPng(): Promise<Blob> {
    const { width, height, data } = this.bitmap;
    const small = new OffscreenCanvas(width, height);
    const pixels = new ImageData(width, height);
    const words = new Uint32Array(pixels.data.buffer);
    for (let i = 0; i < data.length; i++) words[i] = data[i] === 1 ? 0xffffffff : 0xff000000;
    small.getContext("2d")!.putImageData(pixels, 0, 0);
    const whole = new OffscreenCanvas(this.photo.width, this.photo.height);
    const context = whole.getContext("2d")!;
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, this.photo.width, this.photo.height);
    return whole.convertToBlob({ type: "image/png" });
  }

  #travel(move: typeof undoEdit): boolean {
    this.end();
    const moved = move(this.#history.value, this.bitmap);
    if (moved === undefined) return false;
    this.#history.value = moved[0];
    this.#show(moved[1]);
    this.share.value = filledShare(this.bitmap);
    return true;
  }

  #show(box: Box): void {
    if (isEmpty(box)) return;
    const pixels = new ImageData(box.width, box.height);
    const words = new Uint32Array(pixels.data.buffer);
    const [red, green, blue] = tint;
    // Little-endian: alpha, blue, green, red.
    const filled = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    for (let y = 0, j = 0; y < box.height; y++) {
      let i = (box.top + y) * this.bitmap.width + box.left;
      for (let x = 0; x < box.width; x++, i++, j++) {
        if (this.bitmap.data[i] === 1) words[j] = filled;
      }
    }
    this.canvas.getContext("2d")!.putImageData(pixels, box.left, box.top);
    this.version.value++;
  }
}
