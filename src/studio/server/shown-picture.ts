/** Pictures of any format as a PNG that every browser shows. */
import type { DecodedImage } from "../../image/codec.ts";
import { readPixels } from "../../node/decode-image.ts";
import { fromRaw } from "../../node/sharp.ts";
import { HttpProblem } from "./problem.ts";

/** Pixels are many and looked at once: speed before size. */
const compressionLevel = 2;

/** One at a time: the pixels of a large picture are some hundred megabytes. */
export class ShownPictures {
  private last: Promise<unknown> = Promise.resolve();

  /**
   * The first picture of the file, upright, sRGB, 8 bits, with its transparency.
   * @param signal of who waits for it; its turn passes when it is gone
   * @throws PaletteError when the file cannot be decoded, HttpProblem when nobody waits any more
   */
  png(file: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    const turn = this.last.then(async () => {
      if (signal?.aborted) throw new HttpProblem(400, "The request was given up; send it again.");
      return encoded(await readPixels(file));
    });
    this.last = turn.catch(() => undefined);
    return turn;
  }
}

function encoded({ rgb, width, height, alpha }: DecodedImage): Promise<Uint8Array> {
  const colours = fromRaw(rgb, width, height);
  const raw = { width, height, channels: 1 } as const;
  const whole = alpha === undefined ? colours : colours.joinChannel(Buffer.from(alpha), { raw });
  return whole.png({ compressionLevel }).toBuffer();
}
