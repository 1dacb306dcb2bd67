/** Damage to the bytes of any file. */
import type { Random } from "../../../src/util/random.ts";

/** Bytes that were changed, and how. */
export interface Mutated {
  readonly bytes: Uint8Array;
  /** In a few words. */
  readonly how: string;
}

type Mutation = (bytes: Buffer, random: Random) => Mutated;

/** Damage mostly falls where formats keep their lengths. */
function place(bytes: Buffer, random: Random): number {
  const beginning = Math.min(bytes.length, 256);
  return random.uniform() < 0.6 ? random.integer(0, beginning - 1) : inside(bytes, random);
}

const inside = (bytes: Buffer, random: Random) => random.integer(0, Math.max(0, bytes.length - 1));

const fields: readonly bigint[] = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fff_ffffn,
  0xffff_ffffn,
  1n << 53n,
  0x7fff_ffff_ffff_ffffn,
  0xffff_ffff_ffff_ffffn,
];

/** By name; each works on bytes of any length above 0. */
const mutations: Readonly<Record<string, Mutation>> = {
  bits(bytes, random) {
    const changed = Buffer.from(bytes);
    const count = random.integer(1, 12);
    for (let k = 0; k < count; k++) {
      const at = place(bytes, random);
      changed[at] = (changed[at] ?? 0) ^ (1 << random.integer(0, 7));
    }
    return { bytes: changed, how: `${count} bits flipped` };
  },
  truncated(bytes, random) {
    const length = random.uniform() < 0.5 ? place(bytes, random) : inside(bytes, random);
    return { bytes: bytes.subarray(0, length), how: `cut to ${length} bytes` };
  },
  field(bytes, random) {
    const width = random.pick([1, 2, 4, 8]);
    const at = Math.max(0, Math.min(place(bytes, random), bytes.length - width));
    const value = BigInt.asUintN(8 * width, random.pick(fields));
    const little = random.uniform() < 0.5;
    const changed = Buffer.from(bytes);
    for (let k = 0; k < width && at + k < changed.length; k++) {
      const byte = little ? k : width - 1 - k;
      changed[at + k] = Number((value >> BigInt(8 * byte)) & 0xffn);
    }
    return { bytes: changed, how: `field of ${width} bytes at ${at} set to ${value}` };
  },
  swapped(bytes, random) {
    const [a, b, c, d] = [0, 0, 0, 0].map(() => inside(bytes, random)).sort((x, y) => x - y);
    const parts = [
      bytes.subarray(0, a),
      bytes.subarray(c, d),
      bytes.subarray(b, c),
      bytes.subarray(a, b),
      bytes.subarray(d),
    ];
    return { bytes: Buffer.concat(parts), how: `parts ${a}-${b} and ${c}-${d} swapped` };
  },
  removed(bytes, random) {
    const [from, to] = [inside(bytes, random), inside(bytes, random)].sort((x, y) => x - y);
    const parts = [bytes.subarray(0, from), bytes.subarray(to)];
    return { bytes: Buffer.concat(parts), how: `bytes ${from} to ${to} removed` };
  },
  repeated(bytes, random) {
    const [from, to] = [inside(bytes, random), inside(bytes, random)].sort((x, y) => x - y);
    const parts = [bytes.subarray(0, to), bytes.subarray(from)];
    return { bytes: Buffer.concat(parts), how: `bytes ${from} to ${to} twice` };
  },
  zeros(bytes, random) {
    const [from, to] = [inside(bytes, random), inside(bytes, random)].sort((x, y) => x - y);
    return { bytes: Buffer.from(bytes).fill(0, from, to), how: `zeros from ${from} to ${to}` };
  },
  inserted(bytes, random) {
    const at = place(bytes, random);
    const parts = [bytes.subarray(0, at), noise(random, random.integer(1, 40)), bytes.subarray(at)];
    return { bytes: Buffer.concat(parts), how: `random bytes put in at ${at}` };
  },
  appended(bytes, random) {
    const length = random.integer(1, 2000);
    return {
      bytes: Buffer.concat([bytes, noise(random, length)]),
      how: `${length} random bytes behind it`,
    };
  },
  noise(bytes, random) {
    const kept = random.uniform() < 0.5 ? 0 : Math.min(16, bytes.length);
    const length = random.integer(0, 3000);
    return {
      bytes: Buffer.concat([bytes.subarray(0, kept), noise(random, length)]),
      how: `${length} random bytes after the first ${kept}`,
    };
  },
  empty: () => ({ bytes: new Uint8Array(), how: "empty" }),
};

const frequent = ["bits", "truncated", "field", "swapped", "removed", "repeated"] as const;

/** Damages the bytes in one of eleven ways. */
export function mutateBytes(bytes: Uint8Array, random: Random): Mutated {
  const name = random.pick(random.uniform() < 0.7 ? frequent : Object.keys(mutations));
  const mutation = mutations[name];
  if (mutation === undefined || bytes.length === 0) return { bytes, how: "nothing" };
  return mutation(Buffer.from(bytes), random);
}

export function noise(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.integer(0, 255)));
}
