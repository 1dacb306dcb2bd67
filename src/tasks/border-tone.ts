/** Where a hole was filled, its tone and brightness go on from the known pixels around it. */
import type { Image, Mask } from "../image/image.ts";

/** Both sides of the border are averaged over pixels and their neighbours. */
const reach = 1;
/** Deviation of the Gaussian that smooths the shift along the border, in sides of the network. */
const smoothing = 1 / 24;
/** Distance over which the shift fades, the deviation of a Gaussian, likewise. */
const fading = 1 / 6;

/**
 * The answer with its hole shifted so that it meets the known pixels without a step. The shift at
 * the border is the difference of the two sides' means there, smoothed along the border; it fades
 * out into the hole. Known pixels stay as they are.
 * @param hole 1 = filled by the network; at the answer's size
 * @param resolution side of the network, in pixels of the answer
 */
export function matchTone(answer: Image, hole: Mask, resolution: number): Image {
  const [spread, fade] = [smoothing * resolution, fading * resolution];
  const { width, height } = answer;
  const pixels = width * height;
  const inside = hole.data;
  const distance = distanceToKnown(hole);
  const rim = Uint8Array.from(distance, (value, i) => (inside[i] === 1 && value < 1.5 ? 1 : 0));
  if (!rim.includes(1)) return answer;
  const within = sumAround(inside, width, height);
  const around = sumAround(
    inside.map((value) => 1 - value),
    width,
    height,
  );
  const weight = blur(Float32Array.from(rim), width, height, spread);
  const data = answer.data.slice();
  for (let c = 0; c < 3; c++) {
    const plane = answer.data.subarray(c * pixels, (c + 1) * pixels);
    const filled = sumAround(
      plane.map((value, i) => value * inside[i]!),
      width,
      height,
    );
    const known = sumAround(
      plane.map((value, i) => value * (1 - inside[i]!)),
      width,
      height,
    );
    const steps = Float32Array.from(rim, (on, i) =>
      on === 1 ? known[i]! / around[i]! - filled[i]! / within[i]! : 0,
    );
    const smooth = blur(steps, width, height, spread);
    for (let i = 0; i < pixels; i++) {
      if (inside[i] !== 1 || weight[i]! < 1e-20) continue;
      const share = Math.exp(-((distance[i]! / fade) ** 2) / 2);
      const shifted = data[c * pixels + i]! + (share * smooth[i]!) / weight[i]!;
      data[c * pixels + i] = Math.min(1, Math.max(-1, shifted));
    }
  }
  return { width, height, data };
}

/** Of each pixel the distance to the nearest known one, nearly Euclidean (chamfer 1, sqrt 2). */
function distanceToKnown({ width, height, data }: Mask): Float32Array {
  const out = Float32Array.from(data, (value) => (value === 1 ? Number.POSITIVE_INFINITY : 0));
  const relax = (i: number, x: number, y: number, dx: number, dy: number) => {
    const [nx, ny] = [x + dx, y + dy];
    if (nx < 0 || ny < 0 || nx >= width || ny >= height) return;
    out[i] = Math.min(out[i]!, out[ny * width + nx]! + Math.hypot(dx, dy));
  };
  for (const sign of [1, -1]) {
    for (let k = 0; k < out.length; k++) {
      const i = sign === 1 ? k : out.length - 1 - k;
      const [x, y] = [i % width, Math.floor(i / width)];
      for (const [dx, dy] of [
        [-1, 0],
        [0, -1],
        [-1, -1],
        [1, -1],
      ] as const)
        relax(i, x, y, sign * dx, sign * dy);
    }
  }
  return out;
}

/** Of each pixel the sum over the square of (2 reach + 1)^2 pixels around it. */
function sumAround(values: Float32Array, width: number, height: number): Float32Array {
  return separable(values, width, height, new Array<number>(2 * reach + 1).fill(1));
}

/** A Gaussian blur, not normalised; what lies outside counts as 0. */
function blur(
  values: Float32Array,
  width: number,
  height: number,
  deviation: number,
): Float32Array {
  const reach = Math.ceil(6 * deviation);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-(((k - reach) / deviation) ** 2) / 2),
  );
  return separable(values, width, height, kernel);
}

/** Convolves rows and columns with an odd kernel. */
function separable(
  values: Float32Array,
  width: number,
  height: number,
  kernel: readonly number[],
): Float32Array {
  const reach = (kernel.length - 1) / 2;
  const along = (from: Float32Array, length: number, stride: number) => {
    const out = new Float32Array(from.length);
    for (let i = 0; i < from.length; i++) {
      if (from[i] === 0) continue;
      const at = Math.floor(i / stride) % length;
      const low = Math.max(-reach, -at);
      const high = Math.min(reach, length - 1 - at);
      for (let k = low; k <= high; k++) out[i + k * stride]! += from[i]! * kernel[k + reach]!;
    }
    return out;
  };
  return along(along(values, width, 1), height, width);
}
