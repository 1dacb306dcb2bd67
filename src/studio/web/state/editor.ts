/** What is being worked on: the photo with its history, the mask, the frame, the tool in hand. */
import { batch, computed, signal } from "@preact/signals";
import type { Box } from "../../../image/image.ts";
import { type JpegQuality, jpegQuality } from "../../../image/jpeg-quality.ts";
import { frameBox, isGrown } from "../extend/frame.ts";
import { FrameEdits } from "../extend/frame-edits.ts";
import type { FolderPhoto } from "../folder.ts";
import { fillAll, wholeBox } from "../mask/bitmap.ts";
import { MaskLayer } from "../mask/mask-layer.ts";
import type { MaskTool } from "../mask/tools.ts";
import type { StudioTask } from "../restorer.ts";
import {
  accept,
  basePhoto,
  type History,
  photoAt,
  redo,
  reviewed,
  shownPhoto,
  undo,
} from "./history.ts";
import type { Photo } from "./photo.ts";
import { type ExtendKind, taskOf, type Way } from "./ways.ts";

export interface Opened {
  readonly name: string;
  /** Of the file, when it is a JPEG. */
  readonly jpeg?: JpegQuality | undefined;
  /** The photo of the folder that it is. */
  readonly folderPhoto?: FolderPhoto | undefined;
}

/** How the base and an answer are compared. */
export const comparisons = ["off", "slider", "beside", "all"] as const;
export type Comparison = (typeof comparisons)[number];

export class Editor {
  readonly opened = signal<Opened | undefined>(undefined);
  readonly history = signal<History<Photo> | undefined>(undefined);
  readonly mask = signal<MaskLayer | undefined>(undefined);
  readonly frameEdits = new FrameEdits();
  readonly way = signal<Way>("colorize");
  readonly extendKind = signal<ExtendKind>("uncrop");
  readonly widen = signal(2);
  readonly scale = signal(2);
  /** dejpeg: even what is better left alone. */
  readonly force = signal(false);
  /** fill: the mask stays when one goes on from an answer. */
  readonly keepMask = signal(false);
  readonly tool = signal<MaskTool>("brush");
  /** Of the brush, photo pixels. */
  readonly diameter = signal(40);
  readonly comparison = signal<Comparison>("off");
  /** Where the slider stands, from 0 to 1. */
  readonly divider = signal(0.5);
  /** While the key of the comparison is held. */
  readonly holding = signal(false);

  readonly base = computed(() => this.history.value && basePhoto(this.history.value));
  readonly review = computed(() => this.history.value && reviewed(this.history.value));
  readonly shown = computed(() => this.history.value && shownPhoto(this.history.value));
  readonly task = computed<StudioTask>(() => taskOf(this.way.value, this.extendKind.value));
  /** Whether an answer is in view, rather than what is worked on. */
  readonly showsAnswer = computed(
    () => this.review.value !== undefined && this.history.value?.cursor.shown !== "before",
  );

  /** Where the answers of the next request will lie, in the base's pixels. */
  readonly frame = computed<Box | undefined>(() => {
    const base = this.base.value;
    if (base === undefined) return undefined;
    if (this.way.value !== "extend") return wholeBox(base);
    if (this.extendKind.value === "uncrop") return frameBox(base, this.frameEdits.margins.value);
    const width = Math.round(base.width * this.widen.value);
    return { left: -Math.round((width - base.width) / 2), top: 0, width, height: base.height };
  });

  /** Whether the next request has what it needs. */
  readonly ready = computed(() => {
    if (this.base.value === undefined) return false;
    if (this.way.value === "fill") return (this.mask.value?.share.value ?? 0) > 0;
    return this.task.value !== "uncrop" || isGrown(this.frameEdits.margins.value);
  });

  /** Works on a photo that was opened, or found again with all that was done to it. */
  async open(history: History<Photo>, opened: Omit<Opened, "jpeg">): Promise<void> {
    const file = await photoAt(history, { step: 0, answer: 0 }).file();
    const head = new Uint8Array(await file.slice(0, 1 << 20).arrayBuffer());
    const { width, height } = basePhoto(history);
    batch(() => {
      this.opened.value = { ...opened, jpeg: jpegQuality(head) };
      this.history.value = history;
      this.diameter.value = Math.max(4, Math.round(Math.max(width, height) / 16));
      this.comparison.value = "off";
      this.#fitToBase();
    });
  }

  /** Changes the history, and what depends on the photo that is worked on. */
  change(how: (history: History<Photo>) => History<Photo>): void {
    if (this.history.value === undefined) return;
    const before = this.base.value;
    batch(() => {
      this.history.value = how(this.history.value!);
      if (this.base.value !== before) this.#fitToBase();
    });
  }

  /** Goes on from the answer that is shown. Its mask is cleared; undo has it. */
  accept(): void {
    if (!this.showsAnswer.value) return;
    batch(() => {
      this.change(accept);
      this.comparison.value = "off";
      const mask = this.mask.value;
      if (mask !== undefined && mask.share.value > 0 && !this.keepMask.value) {
        mask.edit((bitmap) => fillAll(bitmap, 0));
      }
    });
  }

  /** Whether pointers draw into the mask. */
  readonly draws = computed(
    () => this.way.value === "fill" && this.base.value !== undefined && !this.showsAnswer.value,
  );

  /** Whether the frame has handles to drag. */
  readonly frames = computed(
    () => this.task.value === "uncrop" && this.base.value !== undefined && !this.showsAnswer.value,
  );

  /** What undo and redo go through before the steps: the mask or the frame, where it is in hand. */
  readonly #inHand = computed<MaskLayer | FrameEdits | undefined>(() => {
    if (this.draws.value) return this.mask.value;
    return this.frames.value ? this.frameEdits : undefined;
  });

  undo(): void {
    if (!this.#inHand.value?.undo()) this.change(undo);
  }

  redo(): void {
    if (!this.#inHand.value?.redo()) this.change(redo);
  }

  readonly canUndo = computed(
    () => this.#inHand.value?.canUndo.value || (this.history.value?.past.length ?? 0) > 0,
  );
  readonly canRedo = computed(
    () => this.#inHand.value?.canRedo.value || (this.history.value?.future.length ?? 0) > 0,
  );

  #fitToBase(): void {
    const base = this.base.value;
    if (base === undefined) return;
    const { photo } = this.mask.value ?? {};
    if (photo?.width !== base.width || photo.height !== base.height) {
      this.mask.value = new MaskLayer({ width: base.width, height: base.height });
    }
    this.frameEdits.reset();
  }
}
