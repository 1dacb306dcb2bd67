/** What the server and its engine's process say to each other. */
import type { RestoredWork, RestoreWork, StepProgress } from "./executor.ts";

export type EngineRequest =
  | { readonly id: number; readonly work: RestoreWork; readonly threads?: number }
  | { readonly cancel: number };

export type EngineMessage = { readonly id: number } & (
  | StepProgress
  | { readonly preview: number; readonly jpeg: Uint8Array }
  | { readonly restored: RestoredWork }
  | {
      readonly failure: string;
      /** Whose fault it is: the request's, the machine's (memory), or a bug. */
      readonly kind: "request" | "machine" | "bug";
    }
);
