/** What photos are known by, whatever folder they lie in: the same on every platform. */

/** Of a photo's file so many bytes are looked at, in so many places from the first to the last. */
const [blockSize, blocks] = [2 ** 12, 3];

/** From where to where a file of this size is looked at: all of it up to 12 KiB. */
export function fingerprintBlocks(size: number): (readonly [number, number])[] {
  const count = Math.min(blocks, Math.ceil(size / blockSize));
  const last = Math.max(0, size - blockSize);
  return Array.from({ length: count }, (_, k) => {
    const start = count === 1 ? 0 : Math.round((k * last) / (count - 1));
    return [start, Math.min(size, start + blockSize)] as const;
  });
}

/** @param sha256 of the blocks one after the other, in hexadecimal digits */
export function fingerprintOf(size: number, sha256: string): string {
  return `${size}-${sha256.slice(0, 12)}`;
}

/** What a `PhotoSet`'s digest is taken of: names and sizes, in order. */
export function digestedText(
  photos: readonly { readonly name: string; readonly size: number | undefined }[],
): string {
  return photos.map(({ name, size }) => `${name}\0${size ?? "missing"}\n`).join("");
}
