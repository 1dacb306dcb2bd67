/** Between a page and the Web Worker of an engine. */
import type { EngineTensors, SessionOptions } from "../runtime.ts";

/** The first message compiles the graph; the others run it. */
export type Request =
  | {
      readonly id: number;
      readonly start: {
        readonly model: Uint8Array;
        readonly options: SessionOptions;
        readonly constants: EngineTensors;
      };
    }
  | { readonly id: number; readonly feeds: EngineTensors };

export type Reply =
  | { readonly id: number; readonly outputs: EngineTensors }
  | { readonly id: number; readonly failure: string; readonly expected: boolean };
