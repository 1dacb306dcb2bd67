/** Things that are chosen by name, and to which programs add their own. */
import { UsageError } from "./errors.ts";

export class Registry<T> {
  private readonly kind: string;
  private readonly byName: Map<string, T>;
  private readonly list: T[];

  /** @param kind what the things are called in messages, in the singular: "task" */
  constructor(kind: string, builtIn: Iterable<readonly [name: string, value: T]>) {
    this.kind = kind;
    this.byName = new Map(builtIn);
    this.list = [...this.byName.values()];
  }

  /** @throws UsageError when the name is taken. */
  add(name: string, value: T): void {
    if (this.byName.has(name)) {
      throw new UsageError(`There is a ${this.kind} "${name}" already: choose another name.`);
    }
    this.byName.set(name, value);
    this.list.push(value);
  }

  /** @throws UsageError listing the names when there is none of this one. */
  get(name: string): T {
    const found = this.byName.get(name);
    if (found !== undefined) return found;
    throw new UsageError(
      `There is no ${this.kind} "${name}"; the ${this.kind}s are ${this.names.join(", ")}.`,
    );
  }

  /** In the order in which they were added. */
  get names(): string[] {
    return [...this.byName.keys()];
  }

  /** In the order in which they were added; what is added later appears in it. */
  get all(): readonly T[] {
    return this.list;
  }
}
