/** Errors of the API: a status and one line that says what to do, as problem+json (RFC 9457). */
import { STATUS_CODES } from "node:http";
import { PaletteError, ReadError, reasonOf } from "../../util/errors.ts";
import type { Problem } from "../api/messages.ts";

/** A line is cut here: whatever a request holds, the answer stays small. */
const longestDetail = 300;

export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly status: number;
  /** Seconds after which to ask again. */
  readonly retryAfter?: number;

  constructor(status: number, detail: string, retryAfter?: number) {
    super(oneLine(detail));
    this.status = status;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }
}

/**
 * What was thrown, as a problem: a `PaletteError` is the request's fault, all else the server's.
 */
export function problemFrom(thrown: unknown): HttpProblem {
  if (thrown instanceof HttpProblem) return thrown;
  if (thrown instanceof ReadError) return new HttpProblem(503, thrown.message);
  if (thrown instanceof PaletteError) return new HttpProblem(422, thrown.message);
  return new HttpProblem(500, `Unexpected: ${reasonOf(thrown)}; please report it.`);
}

export function problemBody({ status, message }: HttpProblem): Problem {
  return { type: "about:blank", title: STATUS_CODES[status] ?? "Error", status, detail: message };
}

export function problemResponse(problem: HttpProblem): Response {
  const { status, retryAfter } = problem;
  return new Response(JSON.stringify(problemBody(problem)), {
    status,
    headers: {
      "content-type": "application/problem+json",
      ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }),
    },
  });
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= longestDetail ? line : `${line.slice(0, longestDetail - 3)}...`;
}
