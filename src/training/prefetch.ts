/** Prepares what comes next while the present is worked on. */

/** Calls `make` for consecutive positions, some ahead of what is taken. */
export class Prefetch<T> {
  /** Milliseconds `next` has waited in all. */
  waited = 0;
  private readonly make: (position: number) => Promise<T>;
  private readonly stride: number;
  private readonly depth: number;
  private readonly queue: Promise<T>[] = [];
  private position: number;

  /** Positions are `first`, `first + stride`, ...; at most `depth` results are held. */
  constructor(
    make: (position: number) => Promise<T>,
    { first, stride, depth = 2 }: { first: number; stride: number; depth?: number },
  ) {
    this.make = make;
    this.position = first;
    this.stride = stride;
    this.depth = depth;
  }

  /** What was made for the next position; rejects as `make` did. */
  async next(): Promise<T> {
    this.fill();
    const start = performance.now();
    try {
      return await this.queue.shift()!;
    } finally {
      this.waited += performance.now() - start;
      this.fill();
    }
  }

  private fill(): void {
    while (this.queue.length < this.depth) {
      const made = this.make(this.position);
      // A failure is met by whoever takes it, and by nobody when nobody does.
      made.catch(() => {});
      this.queue.push(made);
      this.position += this.stride;
    }
  }
}
