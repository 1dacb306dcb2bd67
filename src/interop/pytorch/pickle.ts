/**
 * Python's pickle format as data. A pickle is a program for a small stack machine. Python lets it
 * call anything; here it only builds plain values and names the globals it is given. Every other
 * global is refused by its name, and no attribute of any object is ever set.
 *
 * Why not the package `pickleparser`: its BUILD assigns what the file says to any object,
 * `__proto__` included. It rounds whole numbers of more than 53 bits (the legacy format begins with
 * one of 80). It does not say where a pickle ends.
 */
import { PaletteError } from "../../util/errors.ts";
import { latin1, PickleInput, unescaped, utf8 } from "./pickle-input.ts";

/** What a pickle may name: a function to call, or a mark such as a storage's type. */
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
 * Reads the pickle (protocols 0 to 5) that starts at `start`. Dictionaries become Maps, lists and
 * tuples arrays, None null, whole numbers beyond 53 bits bigints, bytes Uint8Arrays.
 * @returns the value and where the pickle ends
 * @throws PaletteError when a global is not among the given ones, or the pickle is damaged
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
  readonly input: PickleInput;
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
      if (opcode === 0x2e) return this.popped(1)[0];
      const step = steps[opcode];
      if (step === undefined) throw this.input.damaged(`opcode ${opcode}`);
      step(this);
    }
  }

  push(value: unknown): void {
    this.stack.push(value);
  }

  top(): unknown {
    if (this.stack.length === 0) throw this.input.damaged("an empty stack");
    return this.stack[this.stack.length - 1];
  }

  /** The upmost `count` values, taken away, the upmost one last. */
  popped(count: number): unknown[] {
    if (this.stack.length < count) throw this.input.damaged("an empty stack");
    return this.stack.splice(this.stack.length - count);
  }

  mark(): void {
    this.marks.push(this.stack);
    this.stack = [];
  }

  /** The values above the last MARK, taken away with it. */
  toMark(): unknown[] {
    const items = this.stack;
    const below = this.marks.pop();
    if (below === undefined) throw this.input.damaged("no mark");
    this.stack = below;
    return items;
  }

  /** POP: the upmost value, or the MARK where there is none above it. */
  discard(): void {
    if (this.stack.length > 0) this.stack.pop();
    else this.toMark();
  }

  keep(index = this.memo.size): void {
    this.memo.set(index, this.top());
  }

  recall(index: number): void {
    if (!this.memo.has(index)) throw this.input.damaged("a value that was never kept");
    this.push(this.memo.get(index));
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.input.damaged("items for no list");
    for (const item of items) list.push(item);
  }

  setItems(items: readonly unknown[]): void {
    const map = this.top();
    if (!(map instanceof Map) || items.length % 2 !== 0) {
      throw this.input.damaged("items for no dict");
    }
    for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1]);
  }

  addItems(items: readonly unknown[]): void {
    const set = this.top();
    if (!(set instanceof Set)) throw this.input.damaged("items for no set");
    for (const item of items) set.add(item);
  }

  global(module: unknown, name: unknown): PickleGlobal {
    const known = this.options.globals.get(`${module}.${name}`);
    if (known === undefined) throw this.refused(`${module}.${name}`);
    return known;
  }

  /** Pushes what the global `made` makes of the arguments. */
  call(made: unknown, args: unknown): void {
    if (!this.known.has(made) || !Array.isArray(args)) {
      throw this.input.damaged("a call of no function");
    }
    const { name, call } = made as PickleGlobal;
    if (call === undefined) throw this.refused(`${name}()`);
    this.push(call(args));
  }

  /** Calls with the upmost values: a global, its arguments and what nobody needs. */
  callPopped(count: 2 | 3): void {
    const [made, args] = this.popped(count);
    this.call(made, args);
  }

  persistent(id: unknown): unknown {
    if (this.options.persistent === undefined) throw this.input.damaged("a persistent id");
    return this.options.persistent(id);
  }

  refused(what: string): PaletteError {
    return new PaletteError(
      `${this.options.source} asks for the Python object ${what}, as whole pickled modules and malicious files do: refused, only tensors are read. ` +
        'If you trust the file, save the weights alone in Python: torch.save(network.state_dict(), "network.pth").',
    );
  }
}

type Step = (machine: Machine) => void;

const value =
  (read: (input: PickleInput) => unknown): Step =>
  (m) =>
    m.push(read(m.input));

const extension =
  (size: 1 | 2 | 4): Step =>
  (m) => {
    throw m.refused(`extension code ${m.input.unsigned(size)}`);
  };

/**
 * What each opcode does. NEXT_BUFFER and READONLY_BUFFER are not among them: their buffers are in
 * no file.
 */
const steps: Readonly<Record<number, Step>> = {
  // The stack and the memo.
  40: (m) => m.mark(), // MARK
  48: (m) => m.discard(), // POP
  49: (m) => m.toMark(), // POP_MARK
  50: (m) => m.push(m.top()), // DUP
  112: (m) => m.keep(Number(m.input.line())), // PUT
  113: (m) => m.keep(m.input.unsigned(1)), // BINPUT
  114: (m) => m.keep(m.input.unsigned(4)), // LONG_BINPUT
  148: (m) => m.keep(), // MEMOIZE
  103: (m) => m.recall(Number(m.input.line())), // GET
  104: (m) => m.recall(m.input.unsigned(1)), // BINGET
  106: (m) => m.recall(m.input.unsigned(4)), // LONG_BINGET
  149: (m) => m.input.take(8), // FRAME
  // PROTO
  128: ({ input }) => {
    const version = input.unsigned(1);
    if (version > 5) throw input.damaged(`pickle protocol ${version}`);
  },

  // Plain values.
  78: value(() => null), // NONE
  136: value(() => true), // NEWTRUE
  137: value(() => false), // NEWFALSE
  73: value((input) => input.textInteger()), // INT
  76: value((input) => input.textInteger()), // LONG
  74: value((input) => input.signed()), // BININT
  75: value((input) => input.unsigned(1)), // BININT1
  77: value((input) => input.unsigned(2)), // BININT2
  138: value((input) => input.long(input.unsigned(1))), // LONG1
  139: value((input) => input.long(input.unsigned(4))), // LONG4
  70: value((input) => Number(input.line())), // FLOAT
  71: value((input) => input.real()), // BINFLOAT
  83: value((input) => input.line().slice(1, -1)), // STRING
  84: value((input) => latin1.decode(input.blob(input.unsigned(4)))), // BINSTRING
  85: value((input) => latin1.decode(input.blob(input.unsigned(1)))), // SHORT_BINSTRING
  86: value((input) => unescaped(input.line(latin1))), // UNICODE
  88: value((input) => utf8.decode(input.blob(input.unsigned(4)))), // BINUNICODE
  140: value((input) => utf8.decode(input.blob(input.unsigned(1)))), // SHORT_BINUNICODE
  141: value((input) => utf8.decode(input.blob(input.unsigned(8)))), // BINUNICODE8
  66: value((input) => input.blob(input.unsigned(4))), // BINBYTES
  67: value((input) => input.blob(input.unsigned(1))), // SHORT_BINBYTES
  142: value((input) => input.blob(input.unsigned(8))), // BINBYTES8
  150: value((input) => input.blob(input.unsigned(8))), // BYTEARRAY8

  // Collections.
  41: (m) => m.push([]), // EMPTY_TUPLE
  93: (m) => m.push([]), // EMPTY_LIST
  133: (m) => m.push(m.popped(1)), // TUPLE1
  134: (m) => m.push(m.popped(2)), // TUPLE2
  135: (m) => m.push(m.popped(3)), // TUPLE3
  116: (m) => m.push(m.toMark()), // TUPLE
  108: (m) => m.push(m.toMark()), // LIST
  97: (m) => m.append(m.popped(1)), // APPEND
  101: (m) => m.append(m.toMark()), // APPENDS
  125: (m) => m.push(new Map()), // EMPTY_DICT
  115: (m) => m.setItems(m.popped(2)), // SETITEM
  117: (m) => m.setItems(m.toMark()), // SETITEMS
  143: (m) => m.push(new Set()), // EMPTY_SET
  144: (m) => m.addItems(m.toMark()), // ADDITEMS
  145: (m) => m.push(new Set(m.toMark())), // FROZENSET
  // DICT
  100: (m) => {
    const items = m.toMark();
    m.push(new Map());
    m.setItems(items);
  },

  // Globals, and what is made of them.
  99: (m) => m.push(m.global(m.input.line(), m.input.line())), // GLOBAL
  // STACK_GLOBAL
  147: (m) => {
    const [module, name] = m.popped(2);
    m.push(m.global(module, name));
  },
  105: (m) => m.call(m.global(m.input.line(), m.input.line()), m.toMark()), // INST
  // OBJ
  111: (m) => {
    const [made, ...args] = m.toMark();
    m.call(made, args);
  },
  82: (m) => m.callPopped(2), // REDUCE
  129: (m) => m.callPopped(2), // NEWOBJ
  146: (m) => m.callPopped(3), // NEWOBJ_EX, whose arguments by name are left out
  // BUILD: attributes of an object (the versions of a state dict); nothing here has any.
  98: (m) => {
    m.popped(1);
    m.top();
  },
  130: extension(1), // EXT1
  131: extension(2), // EXT2
  132: extension(4), // EXT4
  80: (m) => m.push(m.persistent(m.input.line())), // PERSID
  81: (m) => m.push(m.persistent(m.popped(1)[0])), // BINPERSID
};
