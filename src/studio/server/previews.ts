/** Small pictures of the estimates while a job runs. */
import type { Image } from "../../image/image.ts";
import { fromImage } from "../../node/sharp.ts";
import type { SamplingProgress } from "../../pipeline/sampling-options.ts";

/** Of the longer side. */
const mostPixels = 512;
const quality = 75;
/** Milliseconds between two previews; and at most this share of the time goes into them. */
const interval = 350;
const share = 0.1;

/** Makes previews of the answers in turn, a few a second, fewer where they take long. */
export class Previews {
  private readonly onPreview: (index: number, jpeg: Uint8Array) => void;
  private next = 0;
  private due = 0;

  constructor(onPreview: (index: number, jpeg: Uint8Array) => void) {
    this.onPreview = onPreview;
  }

  async step({ pictures }: Pick<SamplingProgress, "pictures">): Promise<void> {
    const start = performance.now();
    if (pictures === undefined || start < this.due) return;
    const [index, picture] =
      [...pictures].find(([number]) => number >= this.next) ?? [...pictures][0] ?? [];
    if (index === undefined || picture === undefined) return;
    this.onPreview(index, await small(await picture()));
    this.next = index + 1;
    const end = performance.now();
    this.due = end + Math.max(interval, (end - start) / share);
  }
}

function small(image: Image): Promise<Uint8Array> {
  return fromImage(image)
    .resize(mostPixels, mostPixels, { fit: "inside", withoutEnlargement: true })
    .jpeg({ quality })
    .toBuffer();
}
