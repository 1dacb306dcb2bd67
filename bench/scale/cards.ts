/**
 * Peak figures of a few cards, looked up in public tables in November 2026: for the A100 and the
 * H100 glennklockwood.com/garden/processors, which cites NVIDIA's data sheets; for the GeForces
 * pcpartdb.com and notebookcheck.com; for the M2 macrumors.com on Apple's announcement, askgeek.io.
 */
export interface Card {
  readonly name: string;
  /** Dense float32 operations a second; matrix units in other formats are not used. */
  readonly flops: number;
  /** Bytes a second of its own memory. */
  readonly bandwidth: number;
  /** Bytes of its own memory. */
  readonly memory: number;
  /** Bytes a second from the machine's memory, one way; undefined: it is the same memory. */
  readonly bus?: number;
  readonly source: string;
}

/** Sixteen lanes; data sheets give both directions together, 64 and 128 GB/s. */
const PCIE4 = 32e9;
const PCIE5 = 64e9;

export const cards: readonly Card[] = [
  {
    name: "RTX 3060",
    flops: 12.7e12,
    bandwidth: 360e9,
    memory: 12e9,
    bus: PCIE4,
    source: "third parties' tables; 3,584 cores at 1.78 GHz, two operations each",
  },
  {
    name: "RTX 4090",
    flops: 82.6e12,
    bandwidth: 1008e9,
    memory: 24e9,
    bus: PCIE4,
    source: "third parties' tables",
  },
  {
    name: "A100",
    flops: 19.5e12,
    bandwidth: 2039e9,
    memory: 80e9,
    bus: PCIE4,
    source: "NVIDIA's data sheet (SXM, 80 GB), as a third party cites it",
  },
  {
    name: "H100",
    flops: 67e12,
    bandwidth: 3350e9,
    memory: 80e9,
    bus: PCIE5,
    source: "NVIDIA's data sheet (SXM), as a third party cites it",
  },
  {
    name: "Apple M2",
    flops: 3.6e12,
    bandwidth: 100e9,
    memory: 24e9,
    source:
      "Apple's announcement, as the press cites it; float32 (10 GPU cores): a third party's table",
  },
];
