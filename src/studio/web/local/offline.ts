/**
 * The service worker's side of the page: it serves the page offline, and gives workers a policy.
 */
import { originsEntry } from "./policy.ts";

/** Milliseconds that work waits for it on the first visit, while its files are fetched. */
const patience = 60_000;

const container = (): ServiceWorkerContainer | undefined => navigator.serviceWorker;
let registered: Promise<ServiceWorkerRegistration | undefined> | undefined;

/** Browsers offer service workers to pages over HTTPS or of this machine, and not everywhere. */
export function registerServiceWorker(): void {
  registered = container()
    ?.register("./service-worker.js")
    .catch(() => undefined);
}

/** Resolves when the service worker answers this page's requests, or when there is none. */
export async function inCharge(): Promise<boolean> {
  const workers = container();
  if (workers === undefined) return false;
  if (workers.controller !== null) return true;
  const registration = await registered;
  if (registration === undefined) return false;
  return new Promise((resolve) => {
    const end = (charged: boolean) => {
      clearTimeout(timer);
      workers.removeEventListener("controllerchange", changed);
      resolve(charged);
    };
    const changed = () => end(true);
    const timer = setTimeout(() => end(false), patience);
    workers.addEventListener("controllerchange", changed);
    // A page that was loaded past it (Shift and reload) has to ask.
    registration.active?.postMessage("claim");
    if (workers.controller !== null) end(true);
  });
}

/**
 * From now on, workers that are started may fetch from these sites, and from no others.
 * @returns whether that is news
 */
export async function allowOrigins(origins: readonly string[]): Promise<boolean> {
  if (globalThis.caches === undefined) return false;
  const cache = await caches.open(originsEntry.cache);
  const text = JSON.stringify([...new Set(origins)].sort());
  if (text === ((await (await cache.match(originsEntry.key))?.text()) ?? "[]")) return false;
  await cache.put(originsEntry.key, new Response(text));
  return true;
}
