import type { Problem } from "../api/messages.ts";

/** An answer of the server that is an error; the message is its one line. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status; 0 when the server could not be reached. */
  readonly status: number;
  /** Seconds after which to ask again, where the server said it. */
  readonly retryAfter?: number;

  constructor(status: number, message: string, retryAfter?: number) {
    super(message);
    this.status = status;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }
}

/** The error that a response carries. */
export async function errorOf(response: Response): Promise<ApiError> {
  const retry = Number(response.headers.get("retry-after") ?? Number.NaN);
  const problem = (await response.json().catch(() => undefined)) as Partial<Problem> | undefined;
  return new ApiError(
    response.status,
    problem?.detail ?? `The server answered ${response.status} ${response.statusText}.`,
    Number.isFinite(retry) ? retry : undefined,
  );
}
