/** Public peak figures of a few cards, from their makers' data sheets. */
export interface Card {
  readonly name: string;
  /** Dense float32 operations a second; matrix units in other formats are not used. */
  readonly flops: number;
  /** Bytes a second of its own memory. */
  readonly bandwidth: number;
  /** Bytes of its own memory. */
  readonly memory: number;
  /** Bytes a second from the machine's memory; undefined: it is the same memory. */
  readonly bus?: number;
  readonly source: string;
}

const PCIE4 = 32e9;
const PCIE5 = 64e9;

export const cards: readonly Card[] = [
  {
    name: "RTX 3060",
    flops: 12.7e12,
    bandwidth: 360e9,
    memory: 12e9,
    bus: PCIE4,
    source: "NVIDIA, GeForce RTX 3060 (12 GB): 3,584 cores at 1.78 GHz, GDDR6 at 15 Gb/s, 192 bits",
  },
  {
    name: "RTX 4090",
    flops: 82.6e12,
    bandwidth: 1008e9,
    memory: 24e9,
    bus: PCIE4,
    source: "NVIDIA Ada GPU architecture white paper",
  },
  {
    name: "A100",
    flops: 19.5e12,
    bandwidth: 2039e9,
    memory: 80e9,
    bus: PCIE4,
    source: "NVIDIA A100 80 GB SXM data sheet",
  },
  {
    name: "H100",
    flops: 67e12,
    bandwidth: 3350e9,
    memory: 80e9,
    bus: PCIE5,
    source: "NVIDIA H100 SXM data sheet",
  },
  {
    name: "Apple M2",
    flops: 3.6e12,
    bandwidth: 100e9,
    memory: 24e9,
    source: "Apple, M2 with 10 GPU cores, up to 24 GB of unified memory",
  },
];
