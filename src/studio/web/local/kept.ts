/** All that the browser keeps for the page: how much it is, and an end of it. */

import { historyDatabase } from "../state/kept-files.ts";
import { answersDatabase } from "./answers.ts";

/** As the browser tells; undefined where it does not. */
export async function keptBytes(): Promise<number | undefined> {
  const { usage } = (await navigator.storage?.estimate().catch(() => undefined)) ?? {};
  return usage;
}

/** How the names of its caches begin, and those of its settings. */
const [stored, settings] = ["palette-", "studio."];

/**
 * Removes models, trainings, answers, the history, settings and the page itself, and loads it anew.
 */
export async function forgetEverything(): Promise<void> {
  for (const storage of [localStorage, sessionStorage]) {
    for (const key of Object.keys(storage)) if (key.startsWith(settings)) storage.removeItem(key);
  }
  for (const name of (await globalThis.caches?.keys()) ?? []) {
    if (name.startsWith(stored)) await caches.delete(name);
  }
  await dropFolders();
  for (const name of [historyDatabase, answersDatabase]) await dropDatabase(name);
  await (await navigator.serviceWorker?.getRegistration())?.unregister();
  location.reload();
}

/** Trainings with their photos. */
async function dropFolders(): Promise<void> {
  const root = await navigator.storage?.getDirectory?.().catch(() => undefined);
  if (root === undefined) return;
  for await (const name of root.keys()) {
    if (name.startsWith(stored)) await root.removeEntry(name, { recursive: true });
  }
}

/** Resolves also when another page holds it open: then it goes when that one is closed. */
function dropDatabase(name: string): Promise<void> {
  return new Promise((done) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => done();
    request.onerror = () => done();
    request.onblocked = () => done();
  });
}
