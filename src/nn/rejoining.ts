/** The last convolution of a network with other gates, so that what it has learned is not learned again. */
import { colourAxes, outputsAChannel, smoothings } from "./pass-through.ts";

/**
 * The weights or biases of a last convolution of "bands" that does what one of "gated" does: the picture in
 * brightness and colours, and the gate for all of the source, or of y_t, at each of its bands. Exact where
 * a gate is as wide for red, green and blue; else it is their mean, weighted for brightness and colours.
 * @param gated [3 * C * stem^2, ...], the numbers of an output channel beside each other
 * @returns [9 * C * stem^2, ...]
 */
export function bandsFromGated(
  gated: Float32Array,
  { channels, stem }: { readonly channels: number; readonly stem: number },
): Float32Array {
  const parts = outputsAChannel({ rejoin: "gated" });
  const length = gated.length / (parts * channels);
  if (!Number.isInteger(length / stem ** 2)) {
    throw new RangeError(`${gated.length} numbers are not those of ${parts} x ${channels} outputs`);
  }
  const axes = colourAxes(channels);
  const out = new Float32Array(outputsAChannel({ rejoin: "bands" }) * channels * length);
  const addTo = (part: number, axis: number, from: number, power: 1 | 2) => {
    const row = out.subarray(
      (part * channels + axis) * length,
      (part * channels + axis + 1) * length,
    );
    for (let c = 0; c < channels; c++) {
      const share = axes[axis * channels + c]! ** power;
      const first = (from * channels + c) * length;
      for (let i = 0; i < length; i++) row[i]! += share * gated[first + i]!;
    }
  };
  const bands = 1 + smoothings;
  for (let axis = 0; axis < channels; axis++) {
    addTo(0, axis, 0, 1);
    for (let picture = 0; picture < 2; picture++) {
      for (let band = 0; band < bands; band++) {
        addTo(1 + picture * bands + band, axis, 1 + picture, 2);
      }
    }
  }
  return out;
}
