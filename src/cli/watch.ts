import { type Progress, startProgress } from "./progress.ts";

/** Shows one progress after the other on the same line. */
export class Watch {
  private progress: Progress | undefined;
  private label = "";

  show(label: string, done: number, total: number): void {
    if (label !== this.label) {
      this.stop();
      this.label = label;
      this.progress = startProgress(label, total);
    }
    this.progress?.update(done);
  }

  stop(): void {
    this.progress?.stop();
    this.progress = undefined;
    this.label = "";
  }
}
