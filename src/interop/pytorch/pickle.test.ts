import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { PaletteError } from "../../util/errors.ts";
import { type PickleGlobal, readPickle } from "./pickle.ts";

/** One Python object by the pickle module of Python 3.11, in three protocols, deflated. */
const pickles = {
  0: "eNrtFMtq3DDwPl+yUDZoHrKsewkYQgI56FRYtLa6WXDXYuWlSf+4X9GOZAjtLR+QAZt5vzW7KRsIP1+WOUFG2M2ZYDAQB9RvT/oja/XPpjL3zpiGEIqTnjtxEB/QeG8RO3LOdQ/K2CP2xnrlGIdOENmwkFQRdqbz3BsRsr33hpy1gl41PbFUJ50hS0SGvGfXk/PUs2WD3HyX8H2OpwKZa66iudZEa06PKrumOEO2VdTBPd5p5vd7TF9a9iWs6XWF7Kq4hwDZQwy/v920pKjFq0p4/YQPg7YMW1dveU46EaTaWNTBrHGn+7NmFGjYQJWw78TAle7+pQepLFf9Hd/W5q5v7jyMh3GZ0lggXSoCmQzsQhub+aMUQpjjer6g4jUQMTxn0tCnpvj2CR8G7aCF09bFrnaxDaQkfTXU6yAOx9t51lYfDrAxPex0SGyg3Yt6LhjimhnVmAn0tV6XX+miz5X/N9/4zQnL5sTC4JpxjcxOjZfrlK5pUhUNPi7znMb1vFwKPG2Cr+ex2msS63MWvWNHyII1lxL0RYsu5JSFIUwpZaWl3Yx2HkS3rxStLf7QjZJ2E6RtnPj3YuJJiVju/gJl29e3",
  2: "eNrtU8tO20AUnUkCAdNSXn1BgZbyGCBNm1U3SN0gIWXUInnlzchynEsTyY05sa1CJQSb0DSrfkB/oF/RSvxK16xZxYzHbLpA4gM4m3vnzD1Xo3vunBVOwIQzwhj72goDAlcoCMkkrw/TNJXpxwqv/7wcpnV9Oh2Msgx8MM5u8Hcwz24DJ9P3IPA+RygqlET/xydySprrkhdgRGFU7H24yqv3hu//7fRZ8iuviOkoRllhTDjZLcadog4Xvy1YToUzdnSPOwMT5GTOxclhQBEeKDwUm5L3MCm5LJzjURZk8TumRJ7JUozp3L3GcawlMwqzwnf9sEl+ZFEnSyzMGU/YxR88Nv0DL253anhyjqc2nrXmjFHH97gz8LylhzdvY4HMaCOK8cJ33UbSDvRoXdfSjIVFhaUbp6iHZRsvzfgPuuE36uDVf4KcNLIVhdey7PWwamPNKWtF2G1Sl5pY9/0wCMiP22EnsvZzdrfta9HGpg0hHJ6tAvTSmMzD1gm2zT9tEh2iovBGoepFieEi7wvhrcI7oVAzD6VWjZLqNV09qQk=",
  4: "eNprYJm6kZkBDGqnaPSwlmfk56ROiZ2i4c3gzej17////97/fXUYvSa8+/ffC8ir72IDK2bs4mSAggNdUgy4AGNqD2taTmJ6McjIjk6/1B6WotTEHBDP3f4HRI37P/MnNh0MpXOAkiWpFSUgyR6GKT3Mh1dyTYnQYWRgqBgFRIMpqT1sJaUFOangINf0Zmyd4s3ozdQGJr2Z24ExC2Z4s5QAlbImVZZAVDozMfyf4gQK7cpRQDQABiFzcWrJlH5YsE7oYUsryq9KzQMKsE+c0sOeX5SSWpSaMqWHOzk/Jyc1uSQzP68YyPOHiLtkJpdMmTxFMwiY5hmTgJHUw5g4pXZKD0tKamoBMF5ipyQWl/awFCfmgnNlLMSe1Az11FI9AGuOjto=",
};

const called: unknown[][] = [];
const globals = new Map<string, PickleGlobal>(
  Object.entries({
    "collections.OrderedDict": ([pairs]: readonly unknown[]) =>
      new Map((pairs as [unknown, unknown][] | undefined) ?? []),
    "__builtin__.set": ([items]: readonly unknown[]) => new Set(items as unknown[]),
    "__builtin__.frozenset": ([items]: readonly unknown[]) => new Set(items as unknown[]),
    "__builtin__.bytes": () => new Uint8Array(),
    "_codecs.encode": ([text]: readonly unknown[]) =>
      new Uint8Array(Buffer.from(String(text), "latin1")),
    "safe.record": (args: readonly unknown[]) => called.push([...args]),
  }).map(([name, call]) => [name, { name, call }]),
);
globals.set("torch.FloatStorage", { name: "torch.FloatStorage" });

const read = (bytes: Uint8Array) => readPickle(bytes, { globals, source: "x.pth" });

function messageOf(bytes: Uint8Array): string {
  try {
    read(bytes);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(PaletteError);
    const { message } = thrown as PaletteError;
    expect(message).toMatch(/^x\.pth [^\n]*$/);
    return message;
  }
  return "";
}

/** A pickle by hand: numbers are bytes, texts latin1. */
function pickle(...parts: (string | number)[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => (typeof part === "number" ? Buffer.of(part) : Buffer.from(part, "latin1"))),
  );
}
const text = (value: string) => Buffer.from(pickle(0x8c, value.length, value)).toString("latin1");

describe("plain values", () => {
  it.each([0, 2, 4] as const)("are those that Python wrote in protocol %i", (protocol) => {
    const bytes = inflateSync(Buffer.from(pickles[protocol], "base64"));
    const { value, end } = read(bytes);
    expect(end).toBe(bytes.length);
    const plain = (one: unknown): unknown => (one instanceof Uint8Array ? [...one] : one);
    const got = value as Map<string, unknown>;
    got.set("bytes", (got.get("bytes") as unknown[]).map(plain));
    expect(got).toEqual(
      new Map<string, unknown>([
        ["whole", [0, 1, -2, 255, 300, -70000, 2 ** 31 - 1, 2 ** 40, -(2n ** 70n), 2n ** 200n]],
        ["flags", [true, false, null]],
        ["real", [1.5, -1e300]],
        ["text", ["", "é\n", "x".repeat(300)]],
        ["tuples", [[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]],
        ["bytes", [[0, 255], new Array(300).fill(121)]],
        ["set", new Set([1, 2, 3])],
        ["frozen", new Set([7])],
        [
          "ordered",
          new Map<string, unknown>([
            ["b", 1],
            ["a", new Map([["deep", [[]]]])],
          ]),
        ],
        [
          "same",
          [
            [1, 2],
            [1, 2],
          ],
        ],
      ]),
    );
    const [one, other] = got.get("same") as unknown[];
    expect(one).toBe(other);
  });

  it("follow one another in a file: the next pickle starts where one ends", () => {
    const bytes = pickle("K", 7, ".K", 8, ".");
    expect(read(bytes)).toEqual({ value: 7, end: 3 });
    expect(readPickle(bytes, { globals, source: "x.pth" }, 3)).toEqual({ value: 8, end: 6 });
  });

  it("keep no attributes: BUILD changes nothing, whatever it says", () => {
    const state = `}${text("__proto__")}}${text("polluted")}\x88ss`;
    const { value } = read(pickle(`}${state}b.`));
    expect(value).toEqual(new Map());
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("what a file asks for", () => {
  const command = text("rm -rf /");
  const attacks: [string, Uint8Array, string][] = [
    ["GLOBAL and REDUCE", pickle(`cos\nsystem\n${command}\x85R.`), "os.system"],
    ["GLOBAL alone, never called", pickle("cos\nsystem\n0N."), "os.system"],
    ["STACK_GLOBAL", pickle(`\x80\x04${text("builtins")}${text("eval")}\x93.`), "builtins.eval"],
    [
      "STACK_GLOBAL of a nested name",
      pickle(`${text("torch")}${text("hub.load")}\x93.`),
      "torch.hub.load",
    ],
    ["NEWOBJ", pickle(`csubprocess\nPopen\n${command}\x85\x81.`), "subprocess.Popen"],
    ["NEWOBJ_EX", pickle(`csubprocess\nPopen\n${command}\x85}\x92.`), "subprocess.Popen"],
    ["INST", pickle(`(${command}ios\nsystem\n.`), "os.system"],
    ["OBJ", pickle(`(cposix\nsystem\n${command}o.`), "posix.system"],
    ["BUILD", pickle("c__main__\nModel\n)\x81}b."), "__main__.Model"],
    ["EXT1", pickle(0x82, 7, "."), "extension code 7"],
    ["EXT2", pickle(0x83, 7, 1, "."), "extension code 263"],
    ["EXT4", pickle(0x84, 7, 0, 0, 0, "."), "extension code 7"],
    [
      "torch.storage._load_from_bytes, a pickle in a pickle",
      pickle("ctorch.storage\n_load_from_bytes\n."),
      "torch.storage._load_from_bytes",
    ],
    ["a name of JavaScript", pickle("cconstructor\nconstructor\n."), "constructor.constructor"],
    ["__proto__", pickle("c__proto__\ncall\n."), "__proto__.call"],
    ["a whole module", pickle("cmodels.network\nNetwork\n)\x81}b."), "models.network.Network"],
    ["a call of what is no function", pickle("ctorch\nFloatStorage\n)R."), "torch.FloatStorage()"],
  ];

  it.each(attacks)("%s: refused by its name, with what to do", (_, bytes, name) => {
    const message = messageOf(bytes);
    expect(message).toContain(`the Python object ${name},`);
    expect(message).toMatch(/refused, only tensors are read.*torch\.save\(network\.state_dict\(\)/);
  });

  it.each<[string, Uint8Array]>([
    ["a text", pickle(`${text("toString")})R.`)],
    ["a dictionary", pickle("})R.")],
    ["a list as class", pickle("](]o.")],
    ["what was made by a call", pickle("csafe\nrecord\n)R)R.")],
  ])("a call of %s is refused", (_, bytes) => {
    expect(messageOf(bytes)).toMatch(/damaged/);
  });

  it("a known function gets its arguments", () => {
    called.length = 0;
    read(pickle(`csafe\nrecord\n${text("a")}K`, 3, "\x86R."));
    expect(called).toEqual([["a", 3]]);
  });

  it("a persistent id means what the reader says, or nothing", () => {
    const bytes = pickle(`${text("k")}Q.`);
    const persistent = (id: unknown) => `storage ${id}`;
    expect(readPickle(bytes, { globals, persistent, source: "x" }).value).toBe("storage k");
    expect(messageOf(bytes)).toMatch(/persistent id/);
  });
});

describe("damage", () => {
  const whole = inflateSync(Buffer.from(pickles[4], "base64"));

  it("a pickle cut off anywhere is refused", () => {
    for (let length = 0; length < whole.length; length++) {
      expect(messageOf(whole.subarray(0, length))).toMatch(/copy or download it again/);
    }
  });

  it("never gives anything but a value or one line", () => {
    for (const protocol of [0, 2, 4] as const) {
      const bytes = inflateSync(Buffer.from(pickles[protocol], "base64"));
      for (let i = 0; i < bytes.length; i++) {
        const broken = bytes.slice();
        broken[i]! ^= 1 << (i % 8);
        messageOf(broken);
      }
    }
  });

  it.each<[string, Uint8Array]>([
    ["an empty stack", pickle(".")],
    ["no mark", pickle("t.")],
    ["items for a number", pickle("K", 1, "K", 2, "a.")],
    ["an odd number of items", pickle("}(K", 1, "u.")],
    ["a memory of nothing", pickle("h", 9, ".")],
    ["a huge text", pickle("X", 255, 255, 255, 127, "abc.")],
    ["a newer protocol", pickle(0x80, 9, "N.")],
    ["an unknown opcode", pickle(0xff)],
  ])("%s is refused", (_, bytes) => {
    expect(messageOf(bytes)).toMatch(/damaged/);
  });
});
