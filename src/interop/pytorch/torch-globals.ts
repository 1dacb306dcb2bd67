/**
 * What a pickle of PyTorch may name: ordered dictionaries, kinds of storages, and functions that
 * make a tensor from a storage. Everything here only builds values.
 */
import { PaletteError } from "../../util/errors.ts";
import type { PickleGlobal } from "./pickle.ts";
import { bytesOf, type NumberType, StoredTensor, storageTypes, TensorStorage } from "./tensors.ts";

/** A kind of number, by which a pickle names a storage or a dtype; undefined: bytes. */
class TypeMark implements PickleGlobal {
  readonly name: string;
  readonly type: NumberType | undefined;

  constructor(name: string, type: NumberType | undefined) {
    this.name = name;
    this.type = type;
  }
}

/** The globals for the pickles of one file. */
export function torchGlobals(source: string): Map<string, PickleGlobal> {
  const damaged = (what: string) =>
    new PaletteError(`${source} is damaged: a tensor has ${what}; copy or download it again.`);
  const wholes = (value: unknown): readonly number[] => {
    if (!Array.isArray(value) || !value.every((one) => Number.isSafeInteger(one) && one >= 0)) {
      throw damaged("no valid shape");
    }
    return value;
  };
  const tensor = (args: readonly unknown[], dtype?: unknown): StoredTensor => {
    const [storage, offset, shape, strides] = args;
    if (!(storage instanceof TensorStorage)) throw damaged("no storage");
    const type = dtype instanceof TypeMark ? dtype.type : storage.type;
    if (type === undefined) throw damaged("no type");
    const [first] = wholes([offset]);
    const made = new StoredTensor(storage, type, wholes(shape), wholes(strides), first!);
    if (made.shape.length !== made.strides.length) throw damaged("shape and strides that differ");
    const unit = storage.type === undefined ? bytesOf[type] : 1;
    if ((made.offset + made.span) * unit > storage.count) throw damaged("more numbers than stored");
    return made;
  };
  const ordered = ([pairs]: readonly unknown[]) =>
    new Map(Array.isArray(pairs) ? pairs.filter(isPair) : []);

  const functions: Record<string, (args: readonly unknown[]) => unknown> = {
    "collections.OrderedDict": ordered,
    // Its first argument makes values that are missing, and nothing is ever missing here.
    "collections.defaultdict": ([, ...rest]) => ordered(rest),
    "collections.Counter": ([counts]) => (counts instanceof Map ? counts : new Map()),
    "builtins.set": ([items]) => new Set(Array.isArray(items) ? items : []),
    "__builtin__.set": ([items]) => new Set(Array.isArray(items) ? items : []),
    "_codecs.encode": ([text]) => Buffer.from(String(text), "latin1"),
    "torch.Size": ([sizes]) => sizes,
    "torch.device": (args) => args.join(":"),
    "torch._utils._rebuild_tensor": (args) => tensor(args),
    "torch._utils._rebuild_tensor_v2": (args) => tensor(args),
    "torch._utils._rebuild_tensor_v3": (args) => tensor(args, args[6]),
    "torch._utils._rebuild_parameter": ([data]) => data,
    "torch._utils._rebuild_parameter_with_state": ([data]) => data,
    "torch.nn.parameter.Parameter": ([data]) => data,
  };
  const globals = Object.entries(functions).map(([name, call]): PickleGlobal => ({ name, call }));
  const marks = Object.entries(storageTypes).flatMap(([storage, type]) => [
    new TypeMark(`torch.${storage}`, type),
    new TypeMark(`torch.${type}`, type),
  ]);
  const bytes = ["torch.UntypedStorage", "torch.storage.UntypedStorage"].map(
    (name) => new TypeMark(name, undefined),
  );
  return new Map([...globals, ...marks, ...bytes].map((global) => [global.name, global]));
}

/**
 * The storage of a persistent id: ("storage", type, key, location, count). In the legacy format a
 * view on a larger one may follow.
 */
export function storageOf(id: unknown, source: string): TensorStorage {
  if (Array.isArray(id)) {
    const [word, mark, key, , count, view] = id;
    const valid = word === "storage" && mark instanceof TypeMark && typeof key === "string";
    if (valid && Number.isSafeInteger(count) && count >= 0 && (view ?? null) === null) {
      return new TensorStorage(key, mark.type, count);
    }
  }
  throw new PaletteError(
    `${source} holds its tensors in a way that is not read: load and save it once with PyTorch 1.6 or later.`,
  );
}

function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}
