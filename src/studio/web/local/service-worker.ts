/**
 * The site's service worker: the page works offline, and the workers that it starts may ask nobody
 * but the site and the sites of models that the user named. A new version is fetched beside the old
 * one, and serves from the next load on.
 */
import { originsEntry, policyFor } from "./policy.ts";

/**
 * What the build puts in: the files to have from the beginning, those that are fetched when they
 * are needed and may be there from the version before, and a name for all contents.
 */
declare const SITE_FILES: readonly string[];
declare const SITE_LATER: readonly string[];
declare const SITE_VERSION: string;

interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface ServiceWorkerScope {
  readonly registration: Pick<ServiceWorkerRegistration, "scope" | "installing" | "waiting">;
  readonly clients: {
    claim(): Promise<void>;
    matchAll(options: { type: "window" }): Promise<readonly unknown[]>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(name: "install" | "activate", listen: (event: ExtendableEvent) => void): void;
  addEventListener(name: "fetch", listen: (event: FetchEvent) => void): void;
  addEventListener(name: "message", listen: (event: ExtendableEvent) => void): void;
}

const scope = self as unknown as ServiceWorkerScope;
const prefix = "palette-site-";
const cacheName = `${prefix}${SITE_VERSION}`;
const base = scope.registration.scope;
const loose = { ignoreVary: true, ignoreSearch: true };

scope.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(cacheName);
      const requests = SITE_FILES.map((file) => new Request(new URL(file, base), fresh(file)));
      await cache.addAll(requests);
      for (const file of SITE_LATER) {
        const { href } = new URL(file, base);
        const known = await caches.match(href, loose);
        if (known !== undefined) await cache.put(href, known);
      }
      await scope.skipWaiting();
    })(),
  );
});

/** Files without a hash in their name may lie in the browser's cache from before. */
function fresh(file: string): RequestInit {
  return file.startsWith("assets/") ? {} : { cache: "reload" };
}

scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener("message", (event) => event.waitUntil(scope.clients.claim()));

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const { href } = new URL(request.url);
  if (request.method !== "GET" || !href.startsWith(base)) return;
  // The page keeps models itself, by their contents.
  if (href.startsWith(new URL("models/", base).href) && !href.endsWith("/models.json")) return;
  if (request.mode === "navigate") {
    event.waitUntil(dropOldVersions());
    event.respondWith(pageFor(request));
  } else {
    event.respondWith(fileFor(request));
  }
});

async function pageFor(request: Request): Promise<Response> {
  const asked = new URL(request.url);
  const isPage = asked.href.split(/[?#]/)[0] === base || asked.pathname.endsWith("/index.html");
  return isPage ? fileFor(new Request(base)) : fetch(request);
}

async function fileFor(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  // A page of the version before may still ask for its own files.
  const known = (await cache.match(request.url, loose)) ?? (await caches.match(request.url, loose));
  if (known !== undefined) return isScript(request) ? governed(known) : known;
  const response = await (request.url.startsWith(new URL("assets/", base).href)
    ? fetchOnce(request, cache)
    : fetch(request));
  return isScript(request) ? governed(response) : response;
}

const coming = new Map<string, Promise<Response>>();

/** Fetches a file for good; engines side by side ask for the same one at the same time. */
async function fetchOnce(request: Request, cache: Cache): Promise<Response> {
  const { url } = request;
  const ours = coming.get(url) ?? kept();
  coming.set(url, ours);
  try {
    return (await ours).clone();
  } finally {
    coming.delete(url);
  }

  async function kept(): Promise<Response> {
    const response = await fetch(request);
    if (response.status !== 200) return response;
    // Without room in the cache, what was fetched is given all the same.
    await cache.put(url, response.clone()).catch(() => {});
    return (await cache.match(url, loose)) ?? response;
  }
}

/** Of a worker: pages have their policy in a meta tag. */
function isScript({ destination }: Request): boolean {
  return destination === "worker";
}

async function governed(response: Response): Promise<Response> {
  const kept = await (await caches.open(originsEntry.cache)).match(originsEntry.key);
  const origins: string[] = kept === undefined ? [] : await kept.json();
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  headers.set("Content-Security-Policy", policyFor(origins));
  return new Response(response.body, { status, statusText, headers });
}

/** Other pages may need the old version, and a version that is on its way is no old one. */
async function dropOldVersions(): Promise<void> {
  const { installing, waiting } = scope.registration;
  const others = await scope.clients.matchAll({ type: "window" });
  if (installing !== null || waiting !== null || others.length > 1) return;
  for (const name of await caches.keys()) {
    if (name.startsWith(prefix) && name !== cacheName) await caches.delete(name);
  }
}
