/** Small pictures of the estimates while a request runs. */
import type { Image } from "../../image/image.ts";
import type { SamplingProgress } from "../../pipeline/sampling-options.ts";

/** How they are made: of the longer side in pixels, and the quality of the JPEG. */
export const previewForm = { mostPixels: 512, quality: 75 } as const;
/** Milliseconds between two previews; and at most this share of the time goes into them. */
const interval = 350;
const share = 0.1;

/** Makes previews of the answers in turn, a few a second, fewer where they take long. */
export class Previews<Picture> {
  private readonly encode: (image: Image) => Promise<Picture>;
  private readonly onPreview: (index: number, picture: Picture) => void;
  private next = 0;
  private due = 0;

  /** @param encode to a small picture, see `previewForm` */
  constructor(
    encode: (image: Image) => Promise<Picture>,
    onPreview: (index: number, picture: Picture) => void,
  ) {
    this.encode = encode;
    this.onPreview = onPreview;
  }

  async step({ pictures }: Pick<SamplingProgress, "pictures">): Promise<void> {
    const start = performance.now();
    if (pictures === undefined || start < this.due) return;
    const [index, picture] =
      [...pictures].find(([number]) => number >= this.next) ?? [...pictures][0] ?? [];
    if (index === undefined || picture === undefined) return;
    this.onPreview(index, await this.encode(await picture()));
    this.next = index + 1;
    const end = performance.now();
    this.due = end + Math.max(interval, (end - start) / share);
  }
}
