/**
 * A network for pictures larger than its own. It looks at overlapping tiles, and where tiles
 * overlap their outputs are mixed: the nearer to a tile's middle, the more of it. This happens in
 * every call, and the noise belongs to the whole picture, so the tiles of one picture agree with
 * each other (the paper names patch-based inference as a way to other resolutions, section 6).
 */
import { PaletteError } from "../util/errors.ts";
import type { Network, NetworkCall } from "./network.ts";

/** Tiles given to the network at a time; bounds the memory of large pictures. */
const tilesAtOnce = 256;

/** A call that may take minutes when its pictures are large. The tiles of a picture are a unit. */
export interface TiledCall extends NetworkCall {
  /**
   * What comes out is nearly the picture: its tiles overlap by half, which takes twice the time.
   * Default: of the Regression baseline, which answers in one call.
   */
  readonly settles?: boolean;
  /** Called as tiles are done; never for pictures of the network's own size. */
  readonly onTiles?: ((done: number, tiles: number) => void) | undefined;
  /** Stops before the next tile by throwing the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface TiledNetwork extends Network {
  predict(call: TiledCall): Promise<Float32Array>;
}

/**
 * The same network for shapes [N, C, H, W] with H and W from its resolution up. A picture of its
 * own size goes through unchanged; tiles in which nothing is wanted are left out.
 */
export function tiled(network: Network): TiledNetwork {
  const { resolution } = network.config.network;
  return {
    ...network,
    predict({ settles, onTiles, signal, ...call }) {
      const [, , height, width] = call.shape;
      if (height === resolution && width === resolution) return network.predict(call);
      return predictTiles(network, { ...call, settles, onTiles, signal });
    },
  };
}

/** First pixels of tiles of `side` that cover `length`: the ends are met, the steps are whole. */
export function tileStarts(length: number, side: number, stride: number): number[] {
  const starts: number[] = [];
  for (let start = 0; start + side < length; start += stride) starts.push(start);
  starts.push(length - side);
  return starts;
}

/**
 * Half a tile when the picture is one row of tiles, which is cheap, and in calls that set the
 * pixels; otherwise three quarters. A network errs within an eighth of a tile from its border, and
 * all tiles do so alike. So only overlaps of half a tile show no seam: there one of the two is far
 * from its border. Both steps are whole JPEG blocks at 64 pixels, so that tiles see the blocks
 * where they saw them in training.
 */
function strideOf(side: number, height: number, width: number, settles: boolean): number {
  const row = height === side || width === side;
  return Math.max(1, Math.round(row || settles ? side / 2 : (3 * side) / 4));
}

async function predictTiles(network: Network, call: TiledCall): Promise<Float32Array> {
  const { source, noisy, gamma, shape, wanted, onTiles, signal } = call;
  const [count, channels, height, width] = shape;
  const side = network.config.network.resolution;
  if (height < side || width < side) {
    throw new PaletteError(
      `${network.config.name} takes pictures from ${side}x${side} pixels up, not ${width}x${height}.`,
    );
  }
  const stride = strideOf(
    side,
    height,
    width,
    call.settles ?? network.config.objective.regression === true,
  );
  const places = tileStarts(height, side, stride).flatMap((top) =>
    tileStarts(width, side, stride).map((left) => ({ top, left })),
  );
  const pictures = Array.from({ length: count }, (_, image) =>
    places.map((place) => ({ image, ...place })).filter(isWanted),
  );
  const tiles = pictures.flat();
  const window = blend(side);
  const output = new Float32Array(source.length);
  const weights = new Float32Array(count * height * width);
  for (const { image, top, left } of tiles) {
    for (let y = 0, i = 0; y < side; y++) {
      const row = (image * height + top + y) * width + left;
      for (let x = 0; x < side; x++, i++) weights[row + x]! += window[i]!;
    }
  }
  const size = channels * side * side;
  let done = 0;
  const onImage = () => {
    signal?.throwIfAborted();
    onTiles?.(++done, tiles.length);
  };
  for (const units of portions(pictures)) {
    signal?.throwIfAborted();
    const some = units.flat();
    const cut = (values: Float32Array) => {
      const out = new Float32Array(some.length * size);
      some.forEach((tile, k) => {
        eachRow(tile, (at, to) => out.set(values.subarray(at, at + side), k * size + to));
      });
      return out;
    };
    const made = await network.predict({
      source: cut(source),
      noisy: cut(noisy),
      gamma: typeof gamma === "number" ? gamma : some.map(({ image }) => gamma[image]!),
      shape: [some.length, channels, side, side],
      units: units.map(({ length }) => length),
      onImage,
    });
    some.forEach((tile, k) => {
      eachRow(tile, (at, to) => {
        const row = to % (side * side);
        for (let x = 0; x < side; x++) {
          output[at + x]! += window[row + x]! * made[k * size + to + x]!;
        }
      });
    });
  }
  const pixels = height * width;
  for (let i = 0; i < output.length; i++) {
    const image = Math.floor(i / (channels * pixels));
    const weight = weights[image * pixels + (i % pixels)]!;
    if (weight > 0) output[i]! /= weight;
  }
  return output;

  function isWanted({ image, top, left }: { image: number; top: number; left: number }): boolean {
    if (wanted === undefined) return true;
    for (let y = 0; y < side; y++) {
      const row = (image * height + top + y) * width + left;
      for (let x = 0; x < side; x++) if (wanted[row + x]! > 0) return true;
    }
    return false;
  }

  /** Of each row of a tile: where it begins in the pictures, and in the tile. */
  function eachRow(
    { image, top, left }: { image: number; top: number; left: number },
    visit: (at: number, to: number) => void,
  ): void {
    for (let c = 0, to = 0; c < channels; c++) {
      const plane = (image * channels + c) * height * width;
      for (let y = 0; y < side; y++, to += side) visit(plane + (top + y) * width + left, to);
    }
  }
}

/**
 * What is computed at a time: tiles of one picture as a unit, or a part of them that does not
 * depend on what other pictures there are.
 */
function portions<T>(pictures: readonly (readonly T[])[]): (readonly T[])[][] {
  const units = pictures.flatMap((tiles) =>
    Array.from({ length: Math.ceil(tiles.length / tilesAtOnce) }, (_, k) =>
      tiles.slice(k * tilesAtOnce, (k + 1) * tilesAtOnce),
    ),
  );
  const all: (readonly T[])[][] = [];
  let room = 0;
  for (const unit of units) {
    if (unit.length > room) {
      all.push([]);
      room = tilesAtOnce;
    }
    all.at(-1)!.push(unit);
    room -= unit.length;
  }
  return all;
}

/** [side, side]: a hill, nowhere zero, highest in the middle. */
function blend(side: number): Float32Array {
  const slope = Array.from({ length: side }, (_, i) => Math.sin((Math.PI * (i + 0.5)) / side) ** 2);
  const window = new Float32Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) window[y * side + x] = slope[y]! * slope[x]!;
  }
  return window;
}
