/**
 * Reproducible randomness. Every random choice of the system comes from a stream that is named by
 * what it is for, for example `Random.from(seed, "noise", sampleIndex)`: no stream depends on how
 * many numbers another one drew, so that sample k of an image is the same in any batch and a
 * resumed training run continues with the numbers it would have had.
 */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/** A part of a stream's name. */
export type SeedPart = number | string;

export class Random {
  private readonly generator: RandomGenerator;
  private spare: number | undefined;

  private constructor(generator: RandomGenerator) {
    this.generator = generator;
  }

  /** The stream with this name; the same name gives the same numbers on every machine. */
  static from(...name: SeedPart[]): Random {
    return new Random(xoroshiro128plusFromState(hash128(JSON.stringify(name))));
  }

  /** A number in [0, 1). */
  uniform(): number {
    return uniformFloat64(this.generator);
  }

  /** A number in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1));
  }

  /** One of the values, all equally likely. */
  pick<T>(values: readonly T[]): T {
    if (values.length === 0) throw new RangeError("pick needs at least one value");
    return values[this.integer(0, values.length - 1)] as T;
  }

  /** A number from N(0, 1) (polar Box-Muller). */
  normal(): number {
    if (this.spare !== undefined) {
      const value = this.spare;
      this.spare = undefined;
      return value;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s === 0 || s >= 1) continue;
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      this.spare = v * scale;
      return u * scale;
    }
  }

  /** Fills `out` with N(0, 1) and returns it. */
  fillNormal(out: Float32Array): Float32Array {
    for (let i = 0; i < out.length; i++) out[i] = this.normal();
    return out;
  }
}

/** 128 bits of the name, never all zero: four FNV-1a passes with a final avalanche. */
function hash128(name: string): [number, number, number, number] {
  const word = (salt: number): number => {
    let h = 0x811c9dc5 ^ salt;
    for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) | 0;
  };
  return [word(0x9e3779b9), word(0x243f6a88), word(0xb7e15162), word(0x6a09e667) | 1];
}
