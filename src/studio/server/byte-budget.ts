/** Bytes that may be held at a time, by all requests together. */
export class ByteBudget {
  private readonly most: number;
  private held = 0;

  constructor(most: number) {
    this.most = most;
  }

  get used(): number {
    return this.held;
  }

  /** A share that grows as bytes arrive. */
  open(): ByteShare {
    let share = 0;
    return {
      grow: (bytes) => {
        if (this.held + bytes > this.most) return false;
        this.held += bytes;
        share += bytes;
        return true;
      },
      release: () => {
        this.held -= share;
        share = 0;
      },
    };
  }
}

export interface ByteShare {
  /** @returns whether so many more bytes may be held */
  grow(bytes: number): boolean;
  /** Gives all of it back; a second call does nothing. */
  release(): void;
}
