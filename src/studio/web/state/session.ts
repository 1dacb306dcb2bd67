/**
 * What outlives a reload of the page: the photo, its mask and the request that runs. The tab's name
 * and the request's lie in sessionStorage, the files in IndexedDB.
 */

import type { Box } from "../../../image/image.ts";
import type { FolderPhoto } from "../folder.ts";
import type { Asked } from "./history.ts";

/** A request that was accepted. */
export interface RunningRequest {
  readonly id: string;
  readonly asked: Omit<Asked, "mask">;
  readonly frame: Box;
}

export interface KeptPhoto {
  readonly name: string;
  readonly file: Blob;
  readonly mask?: Blob | undefined;
  readonly folderPhoto?: FolderPhoto | undefined;
}

interface Stored extends KeptPhoto {
  readonly time: number;
}

const days = 24 * 3600 * 1000;
/** Files of tabs that were closed are dropped after this time. */
const keptFor = 3 * days;
const [tabKey, requestKey] = ["studio.tab", "studio.request"];

export class Session {
  readonly #tab: string;
  readonly #database: Promise<IDBDatabase | undefined>;
  #writing: Promise<unknown> = Promise.resolve();

  #leaving = false;

  constructor() {
    // What fails because the page goes away is no end of the request.
    addEventListener("pagehide", () => {
      this.#leaving = true;
    });
    addEventListener("pageshow", () => {
      this.#leaving = false;
    });
    this.#tab = sessionStorage.getItem(tabKey) ?? crypto.randomUUID();
    sessionStorage.setItem(tabKey, this.#tab);
    this.#database = openDatabase().catch(() => undefined);
  }

  request(): RunningRequest | undefined {
    const kept = sessionStorage.getItem(requestKey);
    return kept === null ? undefined : JSON.parse(kept);
  }

  keepRequest(request: RunningRequest | undefined): void {
    if (this.#leaving) return;
    if (request === undefined) sessionStorage.removeItem(requestKey);
    else sessionStorage.setItem(requestKey, JSON.stringify(request));
  }

  async photo(): Promise<KeptPhoto | undefined> {
    const found = await this.#transact<Stored>("readonly", (store) => store.get(this.#tab));
    return found;
  }

  /** Keeps the photo, one after the other; a browser that has no room for it keeps none. */
  keepPhoto(photo: KeptPhoto | undefined): Promise<void> {
    this.#writing = this.#writing.then(() =>
      this.#transact("readwrite", (store) =>
        photo === undefined
          ? store.delete(this.#tab)
          : store.put({ ...photo, time: Date.now() } satisfies Stored, this.#tab),
      ),
    );
    return this.#writing.then(() => undefined);
  }

  /** Drops the files of tabs that are long gone. */
  async dropOld(): Promise<void> {
    const database = await this.#database;
    if (database === undefined) return;
    const store = database.transaction("photos", "readwrite").objectStore("photos");
    const walk = store.openCursor();
    walk.onsuccess = () => {
      const cursor = walk.result;
      if (cursor === null) return;
      if (Date.now() - (cursor.value as Stored).time > keptFor) cursor.delete();
      cursor.continue();
    };
  }

  async #transact<T>(
    mode: IDBTransactionMode,
    ask: (store: IDBObjectStore) => IDBRequest,
  ): Promise<T | undefined> {
    const database = await this.#database;
    if (database === undefined) return undefined;
    return new Promise((done) => {
      const transaction = database.transaction("photos", mode);
      const request = ask(transaction.objectStore("photos"));
      transaction.oncomplete = () => done(request.result as T | undefined);
      transaction.onabort = () => done(undefined);
      transaction.onerror = () => done(undefined);
    });
  }
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const request = indexedDB.open("palette-studio", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("photos");
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}
