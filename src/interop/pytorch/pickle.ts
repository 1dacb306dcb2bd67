/**
 * Python's pickle format as data. A pickle is a program for a small stack machine; Python lets it call
 * anything, here it can only build plain values and name the globals it is given: every other global is
 * refused by its name before anything is done with it, and no attribute of any object is ever set.
 *
 * Why not a package: of those on npm, `pickleparser` comes nearest, but its BUILD assigns whatever the
 * file says to any object, `__proto__` included, it rounds whole numbers of more than 53 bits (the
 * legacy format begins with one of 80), and it does not say where a pickle ends.
 */
import { PaletteError } from "../../util/errors.ts";
import { latin1, PickleInput, unescaped, utf8 } from "./pickle-input.ts";

/** What a pickle may name: a function to be called with arguments, or a mark such as a storage's type. */
export interface PickleGlobal {
  /** `module.name` */
  readonly name: string;
  /** Makes the object of REDUCE, NEWOBJ, INST and OBJ; without it the global cannot be called. */
  readonly call?: (args: readonly unknown[]) => unknown;
}

export interface PickleOptions {
  /** By `module.name`; everything else is refused. */
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  /** What a persistent id stands for; without it there may be none. */
  readonly persistent?: (id: unknown) => unknown;
  /** What to call the file in an error message. */
  readonly source: string;
}

/**
 * Reads the pickle (protocols 0 to 5) that starts at `start`. Dictionaries become Maps, lists and tuples
 * arrays, None null, whole numbers beyond 53 bits bigints, bytes Uint8Arrays.
 * @returns the value and where the pickle ends
 * @throws PaletteError when a global is not among the given ones, or the pickle is cut short or damaged
 */
export function readPickle(
  bytes: Uint8Array,
  options: PickleOptions,
  start = 0,
): { value: unknown; end: number } {
  const input = new PickleInput(bytes, options.source, start);
  const value = new Machine(input, options).run();
  return { value, end: input.position };
}

class Machine {
  private readonly input: PickleInput;
  private readonly options: PickleOptions;
  private readonly known: ReadonlySet<unknown>;
  private stack: unknown[] = [];
  /** The stacks below each MARK. */
  private readonly marks: unknown[][] = [];
  private readonly memo = new Map<number, unknown>();

  constructor(input: PickleInput, options: PickleOptions) {
    this.input = input;
    this.options = options;
    this.known = new Set(options.globals.values());
  }

  run(): unknown {
    for (;;) {
      const opcode = this.input.unsigned(1);
      if (opcode === 0x2e) return this.pop();
      this.step(opcode);
    }
  }

  private step(opcode: number): void {
    const { stack, input } = this;
    switch (opcode) {
      // The stack and the memo.
      case 0x28: // MARK
        this.marks.push(stack);
        this.stack = [];
        break;
      case 0x30: // POP
        if (stack.length > 0) stack.pop();
        else this.toMark();
        break;
      case 0x31: // POP_MARK
        this.toMark();
        break;
      case 0x32: // DUP
        stack.push(this.top());
        break;
      case 0x70: // PUT
        this.memo.set(Number(input.line()), this.top());
        break;
      case 0x71: // BINPUT
        this.memo.set(input.unsigned(1), this.top());
        break;
      case 0x72: // LONG_BINPUT
        this.memo.set(input.unsigned(4), this.top());
        break;
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, this.top());
        break;
      case 0x67: // GET
        this.recall(Number(input.line()));
        break;
      case 0x68: // BINGET
        this.recall(input.unsigned(1));
        break;
      case 0x6a: // LONG_BINGET
        this.recall(input.unsigned(4));
        break;
      case 0x80: {
        // PROTO
        const version = input.unsigned(1);
        if (version > 5) throw this.damaged(`pickle protocol ${version}`);
        break;
      }
      case 0x95: // FRAME
        input.take(8);
        break;

      // Plain values.
      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
        stack.push(true);
        break;
      case 0x89: // NEWFALSE
        stack.push(false);
        break;
      case 0x49: // INT
        stack.push(input.textInteger());
        break;
      case 0x4c: // LONG
        stack.push(input.textInteger());
        break;
      case 0x4a: // BININT
        stack.push(input.signed());
        break;
      case 0x4b: // BININT1
        stack.push(input.unsigned(1));
        break;
      case 0x4d: // BININT2
        stack.push(input.unsigned(2));
        break;
      case 0x8a: // LONG1
        stack.push(input.long(input.unsigned(1)));
        break;
      case 0x8b: // LONG4
        stack.push(input.long(input.unsigned(4)));
        break;
      case 0x46: // FLOAT
        stack.push(Number(input.line()));
        break;
      case 0x47: // BINFLOAT
        stack.push(input.real());
        break;
      case 0x53: // STRING
        stack.push(input.line().slice(1, -1));
        break;
      case 0x54: // BINSTRING
        stack.push(latin1.decode(input.blob(input.unsigned(4))));
        break;
      case 0x55: // SHORT_BINSTRING
        stack.push(latin1.decode(input.blob(input.unsigned(1))));
        break;
      case 0x56: // UNICODE
        stack.push(unescaped(input.line(latin1)));
        break;
      case 0x58: // BINUNICODE
        stack.push(utf8.decode(input.blob(input.unsigned(4))));
        break;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(utf8.decode(input.blob(input.unsigned(1))));
        break;
      case 0x8d: // BINUNICODE8
        stack.push(utf8.decode(input.blob(input.unsigned(8))));
        break;
      case 0x42: // BINBYTES
        stack.push(input.blob(input.unsigned(4)));
        break;
      case 0x43: // SHORT_BINBYTES
        stack.push(input.blob(input.unsigned(1)));
        break;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        stack.push(input.blob(input.unsigned(8)));
        break;

      // Collections.
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
        stack.push([]);
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: {
        // TUPLE3
        const items = Array.from({ length: opcode - 0x84 }, () => this.pop());
        stack.push(items.reverse());
        break;
      }
      case 0x74: // TUPLE
      case 0x6c: {
        // LIST
        const items = this.toMark();
        this.stack.push(items);
        break;
      }
      case 0x61: {
        // APPEND
        const item = this.pop();
        this.list().push(item);
        break;
      }
      case 0x65: {
        // APPENDS
        const items = this.toMark();
        const list = this.list();
        for (const item of items) list.push(item);
        break;
      }
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        break;
      case 0x64: {
        // DICT
        const items = this.toMark();
        this.stack.push(new Map());
        this.setItems(items);
        break;
      }
      case 0x73: {
        // SETITEM
        const value = this.pop();
        const key = this.pop();
        this.setItems([key, value]);
        break;
      }
      case 0x75: // SETITEMS
        this.setItems(this.toMark());
        break;
      case 0x8f: // EMPTY_SET
        stack.push(new Set());
        break;
      case 0x90: {
        // ADDITEMS
        const items = this.toMark();
        const set = this.top();
        if (!(set instanceof Set)) throw this.damaged("items for no set");
        for (const item of items) set.add(item);
        break;
      }
      case 0x91: // FROZENSET
        this.pushAfter(this.toMark(), (items) => new Set(items));
        break;

      // Globals, and what is made of them.
      case 0x63: {
        // GLOBAL
        const module = input.line();
        stack.push(this.global(module, input.line()));
        break;
      }
      case 0x93: {
        // STACK_GLOBAL
        const name = this.pop();
        const module = this.pop();
        stack.push(this.global(module, name));
        break;
      }
      case 0x69: {
        // INST
        const module = input.line();
        const made = this.global(module, input.line());
        this.pushAfter(this.toMark(), (args) => this.call(made, args));
        break;
      }
      case 0x6f: // OBJ
        this.pushAfter(this.toMark(), ([made, ...args]) => this.call(made, args));
        break;
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const args = this.pop();
        const made = this.pop();
        stack.push(this.call(made, args));
        break;
      }
      case 0x92: {
        // NEWOBJ_EX
        this.pop();
        const args = this.pop();
        const made = this.pop();
        stack.push(this.call(made, args));
        break;
      }
      case 0x62: // BUILD
        // Attributes of an object (the versions of a state dict): nothing here has any.
        this.pop();
        this.top();
        break;
      case 0x82: // EXT1
        throw this.refused(`extension code ${input.unsigned(1)}`);
      case 0x83: // EXT2
        throw this.refused(`extension code ${input.unsigned(2)}`);
      case 0x84: // EXT4
        throw this.refused(`extension code ${input.unsigned(4)}`);
      case 0x50: // PERSID
        stack.push(this.persistent(input.line()));
        break;
      case 0x51: // BINPERSID
        stack.push(this.persistent(this.pop()));
        break;
      default: // NEXT_BUFFER and READONLY_BUFFER, whose buffers are in no file, among them
        throw this.damaged(`opcode ${opcode}`);
    }
  }

  private global(module: unknown, name: unknown): PickleGlobal {
    const known = this.options.globals.get(`${module}.${name}`);
    if (known === undefined) throw this.refused(`${module}.${name}`);
    return known;
  }

  private call(made: unknown, args: unknown): unknown {
    if (!this.known.has(made) || !Array.isArray(args)) throw this.damaged("a call of no function");
    const { name, call } = made as PickleGlobal;
    if (call === undefined) throw this.refused(`${name}()`);
    return call(args);
  }

  private persistent(id: unknown): unknown {
    if (this.options.persistent === undefined) throw this.damaged("a persistent id");
    return this.options.persistent(id);
  }

  private setItems(items: readonly unknown[]): void {
    const map = this.top();
    if (!(map instanceof Map) || items.length % 2 !== 0) throw this.damaged("items for no dict");
    for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1]);
  }

  private list(): unknown[] {
    const list = this.top();
    if (!Array.isArray(list)) throw this.damaged("items for no list");
    return list;
  }

  private recall(index: number): void {
    if (!this.memo.has(index)) throw this.damaged("a value that was never kept");
    this.stack.push(this.memo.get(index));
  }

  /** The values above the last MARK, which are taken away with it. */
  private toMark(): unknown[] {
    const items = this.stack;
    const below = this.marks.pop();
    if (below === undefined) throw this.damaged("no mark");
    this.stack = below;
    return items;
  }

  /** Pushes what is made of `items`, which were above the last MARK of the stack there is now. */
  private pushAfter(items: unknown[], make: (items: unknown[]) => unknown): void {
    this.stack.push(make(items));
  }

  private top(): unknown {
    if (this.stack.length === 0) throw this.damaged("an empty stack");
    return this.stack[this.stack.length - 1];
  }

  private pop(): unknown {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  private damaged(what: string): PaletteError {
    return this.input.damaged(what);
  }

  private refused(what: string): PaletteError {
    return new PaletteError(
      `${this.options.source} asks for the Python object ${what}, as whole pickled modules and malicious files do: refused, only tensors are read. ` +
        'If you trust the file, save the weights alone in Python: torch.save(network.state_dict(), "network.pth").',
    );
  }
}
