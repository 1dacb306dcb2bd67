/**
 * Answers over a reload of the page, in IndexedDB: PNG files with the EXIF block of their photo.
 */

export interface StoredAnswer {
  readonly png: Blob;
  readonly exif?: Uint8Array | undefined;
}

interface Entry extends StoredAnswer {
  readonly time: number;
}

/** As long as the page keeps its history. */
const keptFor = 3 * 24 * 3600 * 1000;
/** The oldest go first. */
const mostBytes = 256 * 2 ** 20;
const store = "answers";
export const answersDatabase = "palette-answers";

export class Answers {
  readonly #database = open().catch(() => undefined);

  /** @returns whether there was room for it */
  async keep(reference: string, answer: StoredAnswer): Promise<boolean> {
    const entry: Entry = { ...answer, time: Date.now() };
    const kept = await this.#change((answers) => answers.put(entry, reference));
    if (kept) await this.#dropOld();
    return kept;
  }

  async find(reference: string): Promise<StoredAnswer | undefined> {
    const database = await this.#database;
    if (database === undefined) return undefined;
    const request = database.transaction(store).objectStore(store).get(reference);
    return new Promise((resolve) => {
      request.onsuccess = () => resolve(request.result as Entry | undefined);
      request.onerror = () => resolve(undefined);
    });
  }

  async #dropOld(): Promise<void> {
    const found: { key: IDBValidKey; time: number; size: number }[] = [];
    await this.#change((answers) => {
      const walk = answers.openCursor();
      walk.onsuccess = () => {
        const { result: cursor } = walk;
        if (cursor !== null) {
          const { time, png } = cursor.value as Entry;
          found.push({ key: cursor.key, time, size: png.size });
          cursor.continue();
          return;
        }
        let room = mostBytes;
        for (const { key, time, size } of found.sort((a, b) => b.time - a.time)) {
          room -= size;
          if (room < 0 || Date.now() - time > keptFor) answers.delete(key);
        }
      };
    });
  }

  /** @returns whether it was carried out */
  async #change(work: (answers: IDBObjectStore) => void): Promise<boolean> {
    const database = await this.#database;
    if (database === undefined) return false;
    const transaction = database.transaction(store, "readwrite");
    work(transaction.objectStore(store));
    return new Promise((resolve) => {
      transaction.oncomplete = () => resolve(true);
      transaction.onabort = () => resolve(false);
    });
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(answersDatabase, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(store);
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
}
