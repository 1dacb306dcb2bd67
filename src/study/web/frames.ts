/** Time as the screen counts it: pictures come and go with a frame. */

export interface Shown {
  /** When the first frame was, on the clock of events. */
  readonly start: number;
  /** For how many milliseconds and frames. */
  readonly shown: number;
  readonly frames: number;
  /** The page was hidden meanwhile. */
  readonly interrupted: boolean;
}

export interface ShownFor {
  /** How long, in milliseconds. */
  readonly time: number;
  readonly paint: () => void;
  readonly clear: () => void;
  /** Told of the first frame. */
  readonly onStart?: (start: number) => void;
  /** Ends it before its time. */
  readonly signal?: AbortSignal;
}

/**
 * Paints in one frame and clears in the frame nearest to `time` later, or as soon as the page is
 * hidden or the signal comes.
 */
export function showFor({ time, paint, clear, onStart, signal }: ShownFor): Promise<Shown> {
  return new Promise((resolve) => {
    let [start, last, frames, frame] = [0, 0, 0, 0];
    const end = (at: number, interrupted: boolean) => {
      cancelAnimationFrame(frame);
      document.removeEventListener("visibilitychange", hide);
      signal?.removeEventListener("abort", stop);
      clear();
      resolve({ start, shown: Math.max(0, at - start), frames, interrupted });
    };
    const hide = () => {
      if (document.hidden) end(performance.now(), true);
    };
    const stop = () => end(performance.now(), false);
    const next = (at: number) => {
      if (frames === 0) {
        start = at;
        paint();
        onStart?.(at);
      } else if (at + (at - last) / 2 >= start + time) return end(at, false);
      last = at;
      frames++;
      frame = requestAnimationFrame(next);
    };
    document.addEventListener("visibilitychange", hide);
    signal?.addEventListener("abort", stop);
    frame = requestAnimationFrame(next);
  });
}
