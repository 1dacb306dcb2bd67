import { describe, expect, it } from "vitest";
import { failureOf } from "../../../test/support/failure.ts";
import { type Folder, readFile, readText, writeWhole } from "./storage.ts";

/** A folder whose files take so many bytes. */
function folderWith(room: number) {
  const written: string[] = [];
  const ends: string[] = [];
  const file = {
    async write(part: Uint8Array | string) {
      const text = typeof part === "string" ? part : new TextDecoder().decode(part);
      if (written.join("").length + text.length > room) {
        throw new DOMException("no room", "QuotaExceededError");
      }
      written.push(text);
    },
    close: async () => ends.push("closed"),
    abort: async () => ends.push("given up"),
  };
  const folder = { getFileHandle: async () => ({ createWritable: async () => file }) };
  return { folder: folder as unknown as Folder, written, ends };
}

describe("a file in the browser's storage", () => {
  it("is swapped when all its parts are written, also those of shared memory", async () => {
    const { folder, written, ends } = folderWith(100);
    const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(65);
    await writeWhole(folder, "log.txt", ["begin ", shared]);
    expect([written.join(""), ends]).toEqual(["begin AA", ["closed"]]);
  });

  it("stays as it was when there is no room, which is said in one line", async () => {
    const { folder, ends } = folderWith(4);
    const line = await failureOf(writeWhole(folder, "model", ["weights"]));
    expect(line).toMatch(/^model has no room left in the browser's storage: free some on the disk/);
    expect(ends).toEqual(["given up"]);
  });

  /** A folder whose file is read so, time after time; its last text stays. */
  function folderReading(...texts: (string | DOMException)[]): Folder {
    const read = async () => {
      const text = texts.length > 1 ? texts.shift() : texts[0];
      if (typeof text !== "string") throw text;
      return text;
    };
    const file = { size: texts[0] === "" ? 0 : 9, text: read };
    return { getFileHandle: async () => ({ getFile: async () => file }) } as unknown as Folder;
  }
  const swapped = new DOMException("acquired before", "NotReadableError");

  it("is read anew when it was swapped meanwhile", async () => {
    expect(await readText(folderReading(swapped, swapped, "new"), "log.txt")).toBe("new");
  });

  it("is given up in one line when it never can be read", async () => {
    expect(await failureOf(readText(folderReading(swapped), "log.txt"))).toBe(
      "log.txt cannot be read from the browser's storage: load the page anew.",
    );
  });

  it("is none while it was never written whole", async () => {
    expect(await readFile(folderReading(""), "log.txt")).toBeUndefined();
  });
});
