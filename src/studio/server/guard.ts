/**
 * Who may ask: the checks of every request before anything else, and the headers of every answer.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { hostname } from "node:os";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context, MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { HttpProblem } from "./problem.ts";

export interface GuardOptions {
  /** The address that is listened at. */
  readonly host: string;
  /** Names besides it that the server is reached by, as behind a proxy. */
  readonly allowedHosts?: readonly string[];
  /** Asked of everybody who has it not in a cookie. */
  readonly token?: string;
}

/** What the checks found out of a request. */
export interface Guarded {
  readonly Variables: {
    /** Whose turn it is in the queue: a session of this server, or an address. */
    client: string;
  };
}

const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether only this machine reaches the address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

const policy = [
  "default-src 'self'",
  "img-src 'self' blob: data:",
  "worker-src 'self' blob:",
  // A photo may be opened by its address.
  "connect-src 'self' blob: data: https:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const headers: Readonly<Record<string, string>> = {
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY",
};

/** Headers of every answer, errors included. */
export const secureHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value);
  if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
};

/** Refuses requests from elsewhere. @throws HttpProblem */
export function sameOrigin(
  options: Pick<GuardOptions, "host" | "allowedHosts">,
): MiddlewareHandler {
  const check = originCheck(options);
  return async (c, next) => {
    check(c);
    await next();
  };
}

/** @throws HttpProblem for requests from elsewhere, and for those without the token */
export function guard(options: GuardOptions): MiddlewareHandler<Guarded> {
  const check = originCheck(options);
  const { token } = options;
  const sessions = new Sessions();
  const pass = token === undefined ? undefined : new Pass(token);
  return async (c, next) => {
    check(c);
    if (pass !== undefined) {
      const redirect = pass.check(c);
      if (redirect !== undefined) return redirect;
    }
    c.set("client", sessions.clientOf(c));
    await next();
  };
}

function originCheck({
  host,
  allowedHosts = [],
}: Pick<GuardOptions, "host" | "allowedHosts">): (c: Context) => void {
  const names = new Set([...loopback, ...allowedHosts.map((name) => name.toLowerCase())]);
  const isOpen = !isLoopback(host);
  if (isOpen)
    for (const name of [host, hostname(), `${hostname()}.local`]) names.add(name.toLowerCase());
  return (c) => {
    checkHost(c.req.header("host"), names, isOpen);
    checkOrigin(c);
  };
}

/**
 * A page elsewhere may name a host of its own and let it point here (DNS rebinding): only names of
 * this server are answered. A number cannot be pointed elsewhere.
 */
function checkHost(header: string | undefined, names: ReadonlySet<string>, isOpen: boolean): void {
  const name = (header ?? "").toLowerCase().replace(/:\d+$/, "");
  if (names.has(name)) return;
  const isNumber = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/.test(name);
  if (isOpen && isNumber) return;
  throw new HttpProblem(
    403,
    "The server is not known by this host name; use its own address, or start it with --allow-host.",
  );
}

/** Requests of other sites' pages are refused; a link to the page itself may be followed. */
function checkOrigin(c: Context): void {
  const origin = c.req.header("origin");
  const same = origin === undefined || hostOf(origin) === c.req.header("host")?.toLowerCase();
  const site = c.req.header("sec-fetch-site") ?? "none";
  const isNavigation = c.req.method === "GET" && c.req.header("sec-fetch-mode") === "navigate";
  if (same && (site === "same-origin" || site === "none" || isNavigation)) return;
  throw new HttpProblem(403, "The request comes from another site; open the server's own page.");
}

function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase())?.[1];
}

const year = 365 * 24 * 3600;
const cookieOptions = { httpOnly: true, sameSite: "Strict", path: "/" } as const;

/** Cookies know no ports: the name keeps apart what two studios on one host say. */
function cookieName(c: Context, what: "pass" | "session"): string {
  const [, port = "80"] = /:(\d+)$/.exec(c.req.header("host") ?? "") ?? [];
  return `palette-${what}-${port}`;
}

/** The token, as a header, once in the page's address, or as a cookie from then on. */
class Pass {
  private readonly expected: Buffer;
  private readonly cookie: string;

  constructor(token: string) {
    this.expected = digest(token);
    this.cookie = createHmac("sha256", token).update("palette studio").digest("base64url");
  }

  /**
   * @returns where to go on, when the page's address had the token in it
   * @throws HttpProblem without the token
   */
  check(c: Context): Response | undefined {
    const [, bearer] = /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
    if (bearer !== undefined && timingSafeEqual(digest(bearer), this.expected)) return undefined;
    const cookie = getCookie(c, cookieName(c, "pass"));
    if (cookie !== undefined && timingSafeEqual(digest(cookie), digest(this.cookie))) {
      return undefined;
    }
    const inAddress = c.req.method === "GET" ? c.req.query("token") : undefined;
    if (inAddress !== undefined && timingSafeEqual(digest(inAddress), this.expected)) {
      setCookie(c, cookieName(c, "pass"), this.cookie, { ...cookieOptions, maxAge: year });
      return c.redirect("/", 303);
    }
    throw new HttpProblem(
      401,
      "A token is needed: open the address with ?token=..., or send Authorization: Bearer ....",
    );
  }
}

/** Sessions are signed rather than kept: they cost nothing, and cannot be made up. */
class Sessions {
  private readonly key = randomBytes(32);

  clientOf(c: Context): string {
    const [id = "", signature = ""] = (getCookie(c, cookieName(c, "session")) ?? "").split(".");
    if (id !== "" && timingSafeEqual(digest(signature), digest(this.sign(id)))) return id;
    const fresh = randomBytes(12).toString("base64url");
    setCookie(c, cookieName(c, "session"), `${fresh}.${this.sign(fresh)}`, cookieOptions);
    return `address ${addressOf(c)}`;
  }

  private sign(id: string): string {
    return createHmac("sha256", this.key).update(id).digest("base64url");
  }
}

function addressOf(c: Context): string {
  try {
    return getConnInfo(c).remote.address ?? "unknown";
  } catch {
    // A request that came without a connection, in a test.
    return "unknown";
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
