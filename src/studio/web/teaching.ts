/**
 * Teaching a model the user's own photos, where whoever restores can: what the page shows of it.
 */
import type { ComponentType } from "preact";

export interface Teaching {
  /** The contents of its window; it asks `useStudio` for what it needs. */
  readonly Panel: ComponentType;
  /** Takes pictures that were dropped or pasted while its window is open. */
  take(files: readonly File[]): void;
}
