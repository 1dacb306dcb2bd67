/** Steps, and the time left by those that are done. */
export class Clock {
  private readonly start = performance.now();
  private readonly onProgress: (progress: {
    step: number;
    steps: number;
    secondsLeft: number;
  }) => void;
  private done = 0;
  private steps: number;
  private told = 0;

  /** @param steps as many as there will be, as far as is known */
  constructor(steps: number, onProgress: Clock["onProgress"]) {
    this.steps = steps;
    this.onProgress = onProgress;
  }

  step(step: number, steps: number): void {
    this.done = step;
    this.steps = steps;
    this.tell(step);
  }

  /** A part of the next step; told once a second. */
  part(share: number): void {
    if (performance.now() - this.told > 1000) this.tell(this.done + share);
  }

  private tell(reached: number): void {
    this.told = performance.now();
    const seconds = (this.told - this.start) / 1000;
    const secondsLeft = Math.round((10 * seconds * (this.steps - reached)) / reached) / 10;
    this.onProgress({ step: this.done, steps: this.steps, secondsLeft });
  }
}
