/** A study's HTTP server as a function from request to response. */
import { type Context, Hono } from "hono";
import type { z } from "zod";
import { ByteBudget } from "../../studio/server/byte-budget.ts";
import { type GuardOptions, sameOrigin, secureHeaders } from "../../studio/server/guard.ts";
import { HttpProblem, problemFrom, problemResponse } from "../../studio/server/problem.ts";
import { checked, jsonOf, readBody } from "../../studio/server/read-request.ts";
import type { StaticFiles } from "../../studio/server/static-files.ts";
import { omitUndefined } from "../../util/omit-undefined.ts";
import { type StudyInfo, studyPaths, type VoteAnswer } from "../api.ts";
import type { Study } from "../settings.ts";
import { ballotSchema, consentSchema } from "./schemas.ts";
import type { StudyStore } from "./store.ts";

export interface StudyAppParts {
  readonly study: Study;
  readonly store: StudyStore;
  /** The file of a sheet by its digest, as it is sent. */
  readonly sheet: (digest: string) => Promise<Uint8Array>;
  readonly page: StaticFiles;
  /** Whether one may take part without a link of one's own. */
  readonly open: boolean;
  /**
   * The path that the page is reached under: "/", or "/study/" as behind a proxy, which may pass it
   * on or take it off.
   */
  readonly base: string;
  readonly guard: Pick<GuardOptions, "host" | "allowedHosts">;
  /** Told what is a bug of the server. */
  readonly onBug?: (error: unknown) => void;
}

/** Bytes of a request, and of all that are being read. */
const [largestBody, largestBodies] = [16 * 1024, 16 * 1024 * 1024];

export function createStudyApp(parts: StudyAppParts): Hono {
  const { study, store, page, open, base, onBug } = parts;
  const { settings, made } = study;
  const at = (path: string) => `/${path}`;
  const app = new Hono();
  const routes = new Hono();
  const budget = new ByteBudget(largestBodies);

  async function bodyOf<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
    const { body, share } = await readBody(c.req.raw, { uploadBytes: largestBody }, budget);
    share.release();
    return checked(schema, jsonOf(body, c.req.header("content-type")), "body");
  }

  app.onError((thrown) => {
    const problem = problemFrom(thrown);
    if (problem.status === 500) onBug?.(thrown);
    return problemResponse(problem);
  });
  const notFound = () => problemResponse(new HttpProblem(404, `The study is at ${base}.`));
  app.notFound(notFound);
  app.use(secureHeaders);
  app.use(sameOrigin(parts.guard));

  routes.get(at(studyPaths.study), (c) => {
    const { title, consent, seconds, inputSeconds, practice, trials, checks } = settings;
    return c.json({
      ...{ id: made.digest.slice(0, 16), ...omitUndefined({ title, consent }) },
      ...{ seconds, inputSeconds, side: made.side, open, practice, trials: trials + checks },
    } satisfies StudyInfo);
  });

  routes.post(at(studyPaths.subjects), (c) => {
    if (!open) throw new HttpProblem(403, "The study is by invitation; open the link you got.");
    return c.json({ token: store.join() }, 201);
  });

  routes.get(at(studyPaths.session), (c) => c.json(store.session(tokenOf(c))));

  routes.post(at(studyPaths.consent), async (c) => {
    const { language } = await bodyOf(c, consentSchema);
    return c.json(store.consent(tokenOf(c), language));
  });

  routes.post(at(studyPaths.votes), async (c) => {
    const ballot = await bodyOf(c, ballotSchema);
    const token = tokenOf(c);
    const { kind, truth } = store.vote(token, ballot);
    return c.json({
      session: store.session(token),
      ...(kind === "practice" && { truth }),
    } satisfies VoteAnswer);
  });

  routes.get(at(studyPaths.sheet(":name")), async (c) => {
    const { sheet } = store.coming(tokenOf(c), c.req.param("name") ?? "");
    return new Response(new Uint8Array(await parts.sheet(sheet)), {
      headers: { "content-type": "image/png" },
    });
  });

  routes.get(at(studyPaths.subject), (c) => {
    const { token } = store.subject(tokenOf(c));
    return c.json(store.exported(token));
  });

  routes.delete(at(studyPaths.subject), (c) => {
    const { token } = store.subject(tokenOf(c));
    store.delete(token);
    return c.body(null, 204);
  });

  routes.get("/*", async (c) => {
    const { path } = c.req;
    const inside = path.startsWith(base) ? path.slice(base.length - 1) : path;
    const response = await page.respond(inside === "/" ? "/index.html" : inside);
    if (response !== undefined) return response;
    if (inside !== "/") return notFound();
    return c.text("The study's page is not built: run `npm run build`.\n", 404);
  });

  if (base !== "/") {
    app.get(base.slice(0, -1), (c) => c.redirect(base, 308));
    app.route(base, routes);
  }
  app.route("/", routes);
  return app;
}

/** The word of the subject's link. It is in no address, and so in no log. */
function tokenOf(c: Context): string {
  const [, token] = /^Bearer ([\w-]{1,100})$/.exec(c.req.header("authorization") ?? "") ?? [];
  if (token === undefined) throw new HttpProblem(401, "Open the study by your link.");
  return token;
}
