/**
 * A network for pictures larger than its own: it looks at overlapping windows, and where they
 * overlap their outputs are mixed, the more of one the nearer to its middle. As this happens in
 * every call, and the noise belongs to the whole picture, the windows of one picture agree with
 * each other (the paper names patch-based inference as a way to other resolutions, section 6).
 */
import type { Mask } from "../image/image.ts";
import type { ModelConfig } from "../models/config.ts";
import { defaultWindow, type SamplingWindow } from "../models/settings/sampling.ts";
import { sideMultiple } from "../nn/registry.ts";
import { PaletteError } from "../util/errors.ts";
import type { Network, NetworkCall } from "./network.ts";

/** Pixels of windows given to the network at a time; bounds the memory of large pictures. */
const pixelsAtOnce = 2 ** 20;

/**
 * A call that may take minutes when its pictures are large. The windows of a picture are a unit.
 */
export interface TiledCall extends NetworkCall {
  /** Called as windows are done; never for pictures of the network's own size. */
  readonly onTiles?: ((done: number, tiles: number) => void) | undefined;
  /** Stops before the next window by throwing the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface TiledNetwork extends Network {
  predict(call: TiledCall): Promise<Float32Array>;
}

/**
 * The same network for shapes [N, C, H, W] with H and W from its resolution up. A picture of its
 * own size goes through unchanged; windows in which nothing is wanted are left out.
 */
export function tiled(network: Network): TiledNetwork {
  const { resolution } = network.config.network;
  return {
    ...network,
    predict({ onTiles, signal, ...call }) {
      const [, , height, width] = call.shape;
      if (height === resolution && width === resolution) return network.predict(call);
      return predictTiles(network, { ...call, onTiles, signal });
    },
  };
}

/** Windows along one side of a picture. */
export interface Cover {
  readonly side: number;
  /** First pixels. */
  readonly starts: readonly number[];
}

/** What JPEG codes together. Windows begin there where they can, as training's pictures did. */
const macroblock = 16;

/** What a window's pixels cost more where its rows do not divide by four on the lowest level. */
const oddRows = 1.15;

/**
 * Windows that cover `length` and meet its ends, spread evenly: as many, and as large, as make the
 * fewest pixels. Their sides are halves of the network's own, so that few sizes are compiled; a
 * length that fits in one window may be its side.
 * @param window sides are `window.side` at most, and neighbours share `window.overlap` at least
 * @param multiple what the network's levels divide
 */
export function coverOf(
  length: number,
  resolution: number,
  window: SamplingWindow,
  multiple = 1,
): Cover {
  const { overlap } = window;
  const quantum = (resolution / 2) % multiple === 0 ? resolution / 2 : resolution;
  const sides: number[] = [];
  for (let side = resolution; side <= Math.min(length, window.side); side += quantum)
    sides.push(side);
  if (window.side <= length) sides.push(window.side);
  if (length <= window.side && length % multiple === 0) sides.push(length);
  let best = { side: resolution, count: Number.POSITIVE_INFINITY, cost: Number.POSITIVE_INFINITY };
  for (const side of sides) {
    const shared = Math.min(overlap, Math.floor(side / 2));
    const count = side === length ? 1 : Math.ceil((length - shared) / (side - shared));
    const cost = count * side * (side % (4 * multiple) === 0 ? 1 : oddRows);
    if (cost < best.cost || (cost === best.cost && count < best.count))
      best = { side, count, cost };
  }
  const { side, count } = best;
  const rest = length - side;
  const apart = side - Math.min(overlap, Math.floor(side / 2));
  const grid = rest % macroblock === 0 && apart % macroblock === 0 ? macroblock : 1;
  const starts = Array.from({ length: count }, (_, k) =>
    count === 1 ? 0 : grid * Math.round((k * rest) / (count - 1) / grid),
  );
  return { side, starts };
}

/** Windows of one size over a picture. */
interface Places {
  readonly rows: number;
  readonly columns: number;
  readonly places: readonly { readonly top: number; readonly left: number }[];
}

/**
 * The windows of a picture larger than the network's in which something is wanted.
 * @param wanted [H, W], above 0 where; everywhere unless given
 */
function placesOf(
  { network, sampling }: ModelConfig,
  height: number,
  width: number,
  wanted?: Float32Array,
): Places {
  const window = sampling?.window ?? defaultWindow(network);
  const multiple = sideMultiple(network);
  const down = coverOf(height, network.resolution, window, multiple);
  const across = coverOf(width, network.resolution, window, multiple);
  const [rows, columns] = [down.side, across.side];
  const isWanted = (top: number, left: number) => {
    if (wanted === undefined) return true;
    for (let y = top; y < top + rows; y++) {
      const row = y * width + left;
      for (let x = row; x < row + columns; x++) if (wanted[x]! > 0) return true;
    }
    return false;
  };
  const places = down.starts.flatMap((top) =>
    across.starts.filter((left) => isWanted(top, left)).map((left) => ({ top, left })),
  );
  return { rows, columns, places };
}

/** Windows that a picture goes through in a call for what the mask fills. */
export function countWindows(config: ModelConfig, { width, height, data }: Mask): number {
  const { resolution } = config.network;
  if (height === resolution && width === resolution) return 1;
  return placesOf(config, height, width, data).places.length;
}

async function predictTiles(network: Network, call: TiledCall): Promise<Float32Array> {
  const { source, noisy, gamma, shape, wanted, onTiles, signal } = call;
  const [count, channels, height, width] = shape;
  const { config } = network;
  const { resolution } = config.network;
  if (height < resolution || width < resolution) {
    throw new PaletteError(
      `${config.name} takes pictures from ${resolution}x${resolution} pixels up, not ${width}x${height}.`,
    );
  }
  const own = Array.from({ length: count }, (_, image) =>
    placesOf(config, height, width, wanted?.subarray(image * height * width)),
  );
  const { rows, columns } = own[0]!;
  const pictures = own.map(({ places }, image) => places.map((place) => ({ image, ...place })));
  const tiles = pictures.flat();
  const hill = blend(rows, columns);
  const output = new Float32Array(source.length);
  const pixels = rows * columns;
  const size = channels * pixels;
  let done = 0;
  const onImage = () => {
    signal?.throwIfAborted();
    onTiles?.(++done, tiles.length);
  };
  for (const units of portions(pictures, Math.max(1, Math.floor(pixelsAtOnce / pixels)))) {
    signal?.throwIfAborted();
    const some = units.flat();
    const cut = (values: Float32Array) => {
      const out = new Float32Array(some.length * size);
      some.forEach((tile, k) => {
        eachRow(tile, (at, to) => out.set(values.subarray(at, at + columns), k * size + to));
      });
      return out;
    };
    const made = await network.predict({
      source: cut(source),
      noisy: cut(noisy),
      gamma: typeof gamma === "number" ? gamma : some.map(({ image }) => gamma[image]!),
      shape: [some.length, channels, rows, columns],
      units: units.map(({ length }) => length),
      onImage,
    });
    some.forEach((tile, k) => {
      eachRow(tile, (at, to) => {
        const row = to % pixels;
        for (let x = 0; x < columns; x++) {
          output[at + x]! += hill[row + x]! * made[k * size + to + x]!;
        }
      });
    });
  }
  // The weights of a row at a time: those of a whole picture are a third of it.
  const weights = new Float32Array(width);
  for (const [image, own] of pictures.entries()) {
    for (let y = 0; y < height; y++) {
      weights.fill(0);
      for (const { top, left } of own) {
        if (y < top || y >= top + rows) continue;
        const row = (y - top) * columns;
        for (let x = 0; x < columns; x++) weights[left + x]! += hill[row + x]!;
      }
      for (let c = 0; c < channels; c++) {
        const at = ((image * channels + c) * height + y) * width;
        for (let x = 0; x < width; x++) if (weights[x]! > 0) output[at + x]! /= weights[x]!;
      }
    }
  }
  return output;

  /** Of each row of a window: where it begins in the pictures, and in the window. */
  function eachRow(
    { image, top, left }: { image: number; top: number; left: number },
    visit: (at: number, to: number) => void,
  ): void {
    for (let c = 0, to = 0; c < channels; c++) {
      const first = (image * channels + c) * height * width;
      for (let y = 0; y < rows; y++, to += columns) visit(first + (top + y) * width + left, to);
    }
  }
}

/**
 * What is computed at a time, at most `most` windows: those of one picture as a unit, or a part of
 * them that does not depend on what other pictures there are.
 */
function portions<T>(pictures: readonly (readonly T[])[], most: number): (readonly T[])[][] {
  const units = pictures.flatMap((tiles) =>
    Array.from({ length: Math.ceil(tiles.length / most) }, (_, k) =>
      tiles.slice(k * most, (k + 1) * most),
    ),
  );
  const all: (readonly T[])[][] = [];
  let room = 0;
  for (const unit of units) {
    if (unit.length > room) {
      all.push([]);
      room = most;
    }
    all.at(-1)!.push(unit);
    room -= unit.length;
  }
  return all;
}

/** [rows, columns]: a hill, nowhere zero, highest in the middle. */
function blend(rows: number, columns: number): Float32Array {
  const slope = (side: number) =>
    Array.from({ length: side }, (_, i) => Math.sin((Math.PI * (i + 0.5)) / side) ** 2);
  const [down, across] = [slope(rows), slope(columns)];
  const hill = new Float32Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) hill[y * columns + x] = down[y]! * across[x]!;
  }
  return hill;
}
