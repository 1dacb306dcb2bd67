/** Memory that is not waited for. */

/**
 * Frees an array's memory at once, where the platform can: a browser looks for garbage late, and an
 * idle worker gives it no reason to. The array is empty afterwards.
 */
export function giveBack({ buffer }: Uint8Array | Float32Array): void {
  const owned: ArrayBufferLike & { transfer?: (length: number) => unknown } = buffer;
  owned.transfer?.(0);
}
