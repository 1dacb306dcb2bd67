/** A run that is kept in memory: what a store must do at least. */
import type { Model } from "../../src/models/model.ts";
import type { Counters, RunStore } from "../../src/training/platform.ts";
import { powerAverages, type VectorName } from "../../src/training/step/optimizer.ts";
import type { StatsLine } from "./training-runs.ts";

interface Kept {
  checkpoint?: {
    readonly vectors: ReadonlyMap<VectorName, Float32Array>;
    readonly step: number;
    readonly counters: Counters;
  };
  model?: Model;
  readonly stats: StatsLine[];
  readonly sheets: number[];
  /** Of the power-function averages, by images and name. */
  readonly snapshots: Map<number, Map<VectorName, Float32Array>>;
  seconds: number;
}

export function memoryStore(): RunStore & { readonly kept: Kept } {
  const kept: Kept = { stats: [], sheets: [], snapshots: new Map(), seconds: 0 };
  return {
    kept,
    model: "memory",
    async readCheckpoint(state) {
      if (kept.checkpoint === undefined) return undefined;
      for (const [name, vector] of kept.checkpoint.vectors) await state.write(name, 0, vector);
      state.step = kept.checkpoint.step;
      return kept.checkpoint.counters;
    },
    async writeCheckpoint(state, counters) {
      const vectors = new Map<VectorName, Float32Array>();
      for (const name of state.names) vectors.set(name, Float32Array.from(await state.read(name)));
      kept.checkpoint = { vectors, step: state.step, counters };
    },
    async writeModel({ config, parameters }) {
      kept.model = { config, parameters: Float32Array.from(parameters) };
    },
    snapshots: {
      async write({ images, read }) {
        const vectors = new Map<VectorName, Float32Array>();
        for (const name of powerAverages) vectors.set(name, Float32Array.from(await read(name)));
        kept.snapshots.set(images, vectors);
      },
      async retain(keep) {
        for (const images of kept.snapshots.keys())
          if (!keep(images)) kept.snapshots.delete(images);
      },
    },
    async addStats(line) {
      kept.stats.push(line as unknown as StatsLine);
    },
    async syncStats() {},
    async rewindStats(images) {
      while ((kept.stats.at(-1)?.images ?? 0) > images) kept.stats.pop();
      return kept.stats.at(-1)?.images;
    },
    readClock: async () => kept.seconds,
    async writeClock(seconds) {
      kept.seconds = seconds;
    },
    hasSheet: async (images) => kept.sheets.includes(images),
    async writeSheet(images) {
      kept.sheets.push(images);
      return "memory";
    },
    log() {},
    async close() {},
  };
}
