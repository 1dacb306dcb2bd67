/**
 * A queue in which clients take turns: each has a line of its own, and the lines are served round.
 */
export class FairQueue<T> {
  /** In the order in which they are served. */
  private readonly lines = new Map<string, T[]>();
  private waiting = 0;
  private readonly isWanted: (item: T) => boolean;

  /** @param isWanted of a client's items those for which this holds come first */
  constructor(isWanted: (item: T) => boolean = () => true) {
    this.isWanted = isWanted;
  }

  get length(): number {
    return this.waiting;
  }

  /** How many of a client wait. */
  lengthOf(client: string): number {
    return this.lines.get(client)?.length ?? 0;
  }

  add(client: string, item: T): void {
    const line = this.lines.get(client);
    if (line === undefined) this.lines.set(client, [item]);
    else line.push(item);
    this.waiting += 1;
  }

  /** The next item; its client's other items come after one of every other client. */
  take(): T | undefined {
    for (const [client, line] of this.lines) {
      const [item, ...rest] = this.inOrder(line);
      this.lines.delete(client);
      if (rest.length > 0) this.lines.set(client, rest);
      this.waiting -= 1;
      return item;
    }
    return undefined;
  }

  /** @returns whether it was there */
  remove(client: string, item: T): boolean {
    const line = this.lines.get(client);
    const at = line?.indexOf(item) ?? -1;
    if (line === undefined || at < 0) return false;
    line.splice(at, 1);
    if (line.length === 0) this.lines.delete(client);
    this.waiting -= 1;
    return true;
  }

  /** All items in the order in which they will be taken. */
  *[Symbol.iterator](): Generator<T> {
    const lines = [...this.lines.values()].map((line) => this.inOrder(line));
    const rounds = Math.max(0, ...lines.map(({ length }) => length));
    for (let round = 0; round < rounds; round++) {
      for (const line of lines) {
        const item = line[round];
        if (item !== undefined) yield item;
      }
    }
  }

  private inOrder(line: readonly T[]): T[] {
    const wanted = line.filter(this.isWanted);
    return [...wanted, ...line.filter((item) => !wanted.includes(item))];
  }
}
