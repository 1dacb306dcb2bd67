/** What a tab of the browser works on, in IndexedDB: one record, and the files that it names. */
import type { FolderPhoto } from "../folder.ts";
import type { History } from "./history.ts";
import type { KeptPhoto } from "./kept-history.ts";

export interface KeptWork {
  readonly name: string;
  readonly folderPhoto?: FolderPhoto | undefined;
  /** Of the photo that is worked on. */
  readonly mask?: Blob | undefined;
  readonly history: History<KeptPhoto>;
}

interface Stored extends KeptWork {
  readonly time: number;
}

export const historyDatabase = "palette-studio";
const days = 24 * 3600 * 1000;
/** Files of tabs that were closed are dropped after this time. */
const keptFor = 3 * days;
const stores = ["works", "files"] as const;

export class KeptFiles {
  readonly #tab: string;
  readonly #database: Promise<IDBDatabase | undefined>;

  constructor(tab: string) {
    this.#tab = tab;
    this.#database = openDatabase().catch(() => undefined);
  }

  work(): Promise<KeptWork | undefined> {
    return this.#ask((transaction) => transaction.objectStore("works").get(this.#tab));
  }

  file(name: string): Promise<Blob | undefined> {
    return this.#ask((transaction) => transaction.objectStore("files").get([this.#tab, name]));
  }

  /**
   * Keeps the work with its new files, and drops those that it no longer names.
   * @returns whether there was room for it; else what was kept before is as it was
   */
  async keep(work: KeptWork, files: ReadonlyMap<string, Blob>): Promise<boolean> {
    const database = await this.#database;
    if (database === undefined) return false;
    const transaction = database.transaction(stores, "readwrite");
    const done = ended(transaction);
    const store = transaction.objectStore("files");
    for (const [name, file] of files) store.put(file, [this.#tab, name]);
    const named = new Set(work.history.steps.flatMap(({ answers }) => answers.map((a) => a.file)));
    dropFiles(store, this.#tab, (name) => !named.has(name));
    const stored: Stored = { ...work, time: Date.now() };
    transaction.objectStore("works").put(stored, this.#tab);
    return done;
  }

  /** Drops what tabs hold that are long gone. */
  async dropOld(): Promise<void> {
    const database = await this.#database;
    if (database === undefined) return;
    const transaction = database.transaction(stores, "readwrite");
    const walk = transaction.objectStore("works").openCursor();
    walk.onsuccess = () => {
      const cursor = walk.result;
      if (cursor === null) return;
      if (Date.now() - (cursor.value as Stored).time > keptFor) {
        dropFiles(transaction.objectStore("files"), String(cursor.key), () => true);
        cursor.delete();
      }
      cursor.continue();
    };
    await ended(transaction);
  }

  async #ask<T>(question: (transaction: IDBTransaction) => IDBRequest): Promise<T | undefined> {
    const database = await this.#database;
    if (database === undefined) return undefined;
    const transaction = database.transaction(stores, "readonly");
    const request = question(transaction);
    return (await ended(transaction)) ? (request.result as T | undefined) : undefined;
  }
}

/** Drops files of a tab by their names. */
function dropFiles(store: IDBObjectStore, tab: string, isOld: (name: string) => boolean): void {
  const keys = store.getAllKeys(IDBKeyRange.bound([tab], [tab, []]));
  keys.onsuccess = () => {
    for (const key of keys.result) {
      if (isOld(String((key as IDBValidKey[])[1]))) store.delete(key);
    }
  };
}

/** @returns whether it was carried out */
function ended(transaction: IDBTransaction): Promise<boolean> {
  return new Promise((done) => {
    transaction.oncomplete = () => done(true);
    transaction.onabort = () => done(false);
  });
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const request = indexedDB.open(historyDatabase, 2);
    request.onupgradeneeded = () => {
      const { result: database } = request;
      for (const name of database.objectStoreNames) database.deleteObjectStore(name);
      for (const name of stores) database.createObjectStore(name);
    };
    request.onsuccess = () => {
      // Who removes everything need not wait for this page.
      request.result.onversionchange = () => request.result.close();
      done(request.result);
    };
    request.onerror = () => failed(request.error);
  });
}
