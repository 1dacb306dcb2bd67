/**
 * Outputs of a network kept on disk by what went in: an evaluation that is repeated, continued or
 * shares pictures with another one computes only what is new. The key is the content (network, way of
 * preparing, rounded pixels), so nothing has to be declared stale.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Image, toBytes } from "../../image/image.ts";
import { writeAtomically } from "../../node/atomic-write.ts";
import { PaletteError } from "../../util/errors.ts";
import type { FeatureNetwork, NetworkOutput } from "./feature-network.ts";
import { preparation } from "./preprocess.ts";
import { userFeatures } from "./user-cache.ts";

export interface CacheOptions {
  /** Told once when outputs cannot be kept; the run goes on without. */
  readonly onProblem?: (line: string) => void;
}

/** How many files are read at a time. */
const readers = 16;

/**
 * The network with a memory. Each output is one small file in `folder` (default: features in the
 * user's cache), written whole as soon as it is computed; what is damaged is computed again. Equal
 * pictures of one run are computed once. `dispose` ends the network.
 */
export function cached(
  network: FeatureNetwork,
  folder: string = userFeatures(),
  { onProblem }: CacheOptions = {},
): FeatureNetwork {
  const { manifest, digest, view } = network;
  const { input, outputs, classes, background } = manifest;
  const way = JSON.stringify([digest, preparation(view), input, outputs, classes, background]);
  const lengths = [network.featureLength ?? 0, network.classes ?? 0] as const;
  let keeping = true;

  const keep = async (path: string, output: NetworkOutput) => {
    if (!keeping) return;
    try {
      await writeAtomically(path, encode(output));
    } catch (thrown) {
      if (!(thrown instanceof PaletteError)) throw thrown;
      if (keeping) onProblem?.(`Features are not kept: ${thrown.message}`);
      keeping = false;
    }
  };

  return {
    ...network,
    async run(images, { signal, onOutput } = {}) {
      const results = new Array<NetworkOutput>(images.length);
      /** Of each picture that must be computed: where it occurs. */
      const absent = new Map<string, number[]>();
      let next = 0;
      const look = async () => {
        while (next < images.length) {
          signal?.throwIfAborted();
          const index = next++;
          const path = join(folder, keyOf(way, images[index]!));
          const output = await load(path, lengths);
          if (output === undefined) {
            absent.set(path, [...(absent.get(path) ?? []), index]);
          } else {
            results[index] = output;
            await onOutput?.(index, output);
          }
        }
      };
      await Promise.all(Array.from({ length: readers }, look));

      const work = [...absent].sort(([, [a]], [, [b]]) => a! - b!);
      await network.run(
        work.map(([, [first]]) => images[first!]!),
        {
          signal,
          async onOutput(index, output) {
            const [path, places] = work[index]!;
            await keep(path, output);
            for (const place of places) {
              results[place] = output;
              await onOutput?.(place, output);
            }
          },
        },
      );
      return results;
    },
  };
}

/** "ab/cdef....bin": folders by the first two digits, as file systems like it. */
function keyOf(way: string, image: Image): string {
  const hash = createHash("sha256")
    .update(`${way}\n${image.width} ${image.height}\n`)
    .update(toBytes(image))
    .digest("hex");
  return join(hash.slice(0, 2), `${hash.slice(2)}.bin`);
}

/** SHA-256 of what follows; then features and probabilities, float32. Their lengths are known. */
function encode({ features, probabilities }: NetworkOutput): Uint8Array {
  const body = Buffer.concat([bytesOf(features), bytesOf(probabilities)]);
  return Buffer.concat([checksum(body), body]);
}

async function load(
  path: string,
  [featureLength, classes]: readonly [number, number],
): Promise<NetworkOutput | undefined> {
  const file = await readFile(path).catch(() => undefined);
  if (file === undefined || file.length !== 32 + 4 * (featureLength + classes)) return undefined;
  const body = file.subarray(32);
  if (!checksum(body).equals(file.subarray(0, 32))) return undefined;
  // A copy of its own: file buffers may be views at any offset.
  const values = new Float32Array(Uint8Array.from(body).buffer);
  return {
    ...(featureLength > 0 && { features: values.slice(0, featureLength) }),
    ...(classes > 0 && { probabilities: values.slice(featureLength) }),
  };
}

function bytesOf(values: Float32Array = new Float32Array()): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function checksum(body: Uint8Array): Buffer {
  return createHash("sha256").update(body).digest();
}
