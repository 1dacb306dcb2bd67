/** Writes files as torch.save does (protocol 2, stored zip entries), for tests. */

/** A tensor to be written: float32 unless it says otherwise. */
export interface WrittenTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
  /** Default: row-major. */
  readonly strides?: readonly number[];
}

export interface TorchFileOptions {
  /** The folder in the archive; torch takes the file's name. */
  readonly root?: string;
  readonly zip64?: boolean;
  readonly bigEndian?: boolean;
  /** Further entries of the archive. */
  readonly more?: Record<string, Uint8Array>;
}

export type Written = WrittenTensor | Map<string, Written> | readonly Written[] | number | string;

/** The bytes of a checkpoint that holds `value`: Maps become ordered dictionaries. */
export function torchFile(value: Written, options: TorchFileOptions = {}): Uint8Array {
  const { root = "archive", bigEndian = false, more = {} } = options;
  const storages: Uint8Array[] = [];
  const bytes = pickled(value, (tensor) => {
    storages.push(floats(tensor.data, bigEndian));
    return storages.length - 1;
  });
  const entries: [string, Uint8Array][] = [
    [`${root}/data.pkl`, bytes],
    ...(bigEndian ? [[`${root}/byteorder`, Buffer.from("big")] as [string, Uint8Array]] : []),
    ...storages.map((data, i): [string, Uint8Array] => [`${root}/data/${i}`, data]),
    [`${root}/version`, Buffer.from("3\n")],
    ...Object.entries(more),
  ];
  return zipFile(entries, options);
}

/** As `torch.save(..., _use_new_zipfile_serialization=False)`. */
export function legacyTorchFile(value: Written): Uint8Array {
  const storages: Uint8Array[] = [];
  const body = pickled(
    value,
    (tensor) => storages.push(floats(tensor.data, false)) - 1,
    () => "N",
  );
  const keys = storages.map((_, i) => text(String(i))).join("");
  return Buffer.concat([
    Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex"),
    Buffer.from("\x80\x02M\xe9\x03.", "latin1"),
    Buffer.from(`\x80\x02}${text("little_endian")}\x88s.`, "latin1"),
    body,
    Buffer.from(`\x80\x02](${keys}e.`, "latin1"),
    ...storages.flatMap((data) => {
      const count = Buffer.alloc(8);
      count.writeBigUInt64LE(BigInt(data.length / 4));
      return [count, data];
    }),
  ]);
}

/** A pickle whose tensors' storages get the numbers that `store` says. */
function pickled(
  value: Written,
  store: (tensor: WrittenTensor) => number,
  view: () => string = () => "",
): Uint8Array {
  const write = (one: Written): string => {
    if (typeof one === "number") return whole(one);
    if (typeof one === "string") return text(one);
    if (one instanceof Map) {
      const items = [...one].map(([key, item]) => `${text(key)}${write(item)}`).join("");
      // As a module's state dict: with an attribute that says versions.
      return `ccollections\nOrderedDict\n)R(${items}u}${text("_metadata")}}sb`;
    }
    if (!("shape" in one)) return `](${one.map(write).join("")}e`;
    const { shape, data, strides = rowMajor(shape) } = one;
    const key = text(String(store(one)));
    const id = `(${text("storage")}ctorch\nFloatStorage\n${key}${text("cpu")}${whole(data.length)}${view()}tQ`;
    const sizes = (list: readonly number[]) => `(${list.map(whole).join("")}t`;
    return `ctorch._utils\n_rebuild_tensor_v2\n(${id}K\x00${sizes(shape)}${sizes(strides)}\x89ccollections\nOrderedDict\n)RtR`;
  };
  return Buffer.from(`\x80\x02${write(value)}.`, "latin1");
}

/** A text as BINUNICODE. */
export function text(value: string): string {
  const bytes = Buffer.from(value, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return `X${length.toString("latin1")}${bytes.toString("latin1")}`;
}

/** A number as BININT. */
function whole(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return `J${bytes.toString("latin1")}`;
}

function rowMajor(shape: readonly number[]): number[] {
  let stride = 1;
  const strides = [...shape].reverse().map((side) => {
    const own = stride;
    stride *= side;
    return own;
  });
  return strides.reverse();
}

function floats(data: ArrayLike<number>, bigEndian: boolean): Uint8Array {
  const bytes = Buffer.alloc(4 * data.length);
  for (let i = 0; i < data.length; i++) {
    if (bigEndian) bytes.writeFloatBE(data[i]!, 4 * i);
    else bytes.writeFloatLE(data[i]!, 4 * i);
  }
  return bytes;
}

/** A zip file of stored entries; with zip64 sizes and places are in the extra fields. */
export function zipFile(
  entries: readonly (readonly [string, Uint8Array])[],
  { zip64 = false }: { readonly zip64?: boolean } = {},
): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const push = (part: Uint8Array) => {
    parts.push(part);
    at += part.length;
  };
  for (const [name, data] of entries) {
    const start = at;
    const size = zip64 ? 0xffffffff : data.length;
    const file = Buffer.from(name);
    const sizes = zip64 ? field([data.length, data.length]) : Buffer.alloc(0);
    push(record(0x04034b50, [20, 0x800, 0, 0, 0], [0, size, size], [file.length, sizes.length]));
    push(file);
    push(sizes);
    push(data);
    const extra = zip64 ? field([data.length, data.length, start]) : sizes;
    directory.push(
      record(
        0x02014b50,
        [20, 20, 0x800, 0, 0, 0],
        [0, size, size],
        [file.length, extra.length, 0, 0, 0],
      ),
      words([0, zip64 ? 0xffffffff : start]),
      file,
      extra,
    );
  }
  const start = at;
  for (const part of directory) push(part);
  const length = at - start;
  if (zip64) {
    const end = at;
    push(record(0x06064b50, [], [44, 0], [45, 45]));
    push(words([0, 0]));
    push(longs([entries.length, entries.length, length, start]));
    push(words([0x07064b50, 0]));
    push(longs([end]));
    push(words([1]));
  }
  const count = zip64 ? 0xffff : entries.length;
  push(
    record(
      0x06054b50,
      [0, 0, count, count],
      zip64 ? [0xffffffff, 0xffffffff] : [length, start],
      [0],
    ),
  );
  return Buffer.concat(parts);
}

/** A signature, halves of words, words, halves. */
function record(
  signature: number,
  first: readonly number[],
  middle: readonly number[],
  last: readonly number[],
): Uint8Array {
  return Buffer.concat([words([signature]), halves(first), words(middle), halves(last)]);
}

function halves(values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt16LE(value, 2 * i);
  return bytes;
}

function words(values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value, 4 * i);
  return bytes;
}

function longs(values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [i, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), 8 * i);
  return bytes;
}

/** The extra field of zip64. */
function field(values: readonly number[]): Uint8Array {
  return Buffer.concat([halves([1, 8 * values.length]), longs(values)]);
}
