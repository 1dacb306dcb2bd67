/** `palette shards`: photos as tar files at the size that training needs. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { makeShards } from "../node/make-shards.ts";
import { counted, inGigabytes, quantity } from "../util/format.ts";
import { omitUndefined } from "../util/omit-undefined.ts";
import { type ShardsFlags, usualSide } from "./commands/shards.ts";
import { log, say } from "./console.ts";
import { interruptible } from "./interrupt.ts";
import { whileWaiting } from "./progress.ts";
import { Watch } from "./watch.ts";

/** Makes the shards, or what is missing of them, and prints their paths. */
export async function writeShards(data: string, flags: ShardsFlags): Promise<void> {
  const { out, preset, size, format, quality, threads, json } = flags;
  const side = flags.side === "own" ? null : (flags.side ?? usualSide(preset) ?? null);
  const watch = new Watch();
  await interruptible(async (signal) => {
    let begun = () => {};
    const beginning = new Promise<void>((resolve) => {
      begun = resolve;
    });
    try {
      const skipped: string[] = [];
      const making = makeShards(
        { data, side, format, size, ...omitUndefined({ quality }) },
        {
          out,
          signal,
          threads: threads ?? availableParallelism(),
          onNote: (note) => {
            skipped.push(note);
            log(note);
          },
          onProgress: (done, total) => {
            begun();
            watch.show("Making shards", done, total);
          },
        },
      );
      await whileWaiting("Looking for photos", Promise.race([beginning, making]));
      const shards = await making;
      watch.stop();
      const [photos, bytes] = [
        shards.reduce((sum, shard) => sum + shard.photos, 0),
        shards.reduce((sum, shard) => sum + shard.bytes, 0),
      ];
      if (json) {
        say(JSON.stringify({ out, side, photos, bytes, notes: skipped, shards }, undefined, 2));
        return;
      }
      for (const { file } of shards) say(join(out, file));
      const sized = side === null ? "at their own size" : `of ${counted(side)} pixels at most`;
      log(
        `${quantity(photos, "photo")} ${sized} in ${quantity(shards.length, "shard")}, ${inGigabytes(bytes)}: palette train --data ${out}`,
      );
    } finally {
      watch.stop();
    }
  });
}
