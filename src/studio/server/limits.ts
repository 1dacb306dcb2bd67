/** How much the server takes on. */

export interface Limits {
  /** Jobs that wait; more are refused with 429. */
  readonly queue: number;
  /** Jobs of one client that wait. */
  readonly queuePerClient: number;
  /** Bytes of a whole request. */
  readonly uploadBytes: number;
  /** Bytes of all requests that are being read, wait or are worked on. */
  readonly heldBytes: number;
  /** Pixels of a photo, of a mask and of an answer. */
  readonly pixels: number;
  /** Bytes of answers that are kept; the oldest go first. */
  readonly resultBytes: number;
  /** Jobs that are kept when they are done. */
  readonly results: number;
  /** Milliseconds that a job is kept when it is done. */
  readonly resultAge: number;
  /** Milliseconds that a job may take. */
  readonly jobTime: number;
  /** Milliseconds without a listener or a question after which a job's client counts as gone. */
  readonly clientGone: number;
  /** Milliseconds between comments on a quiet stream of events. */
  readonly heartbeat: number;
}

const mebibyte = 2 ** 20;
const minute = 60_000;

export const defaultLimits: Limits = {
  queue: 100,
  queuePerClient: 50,
  uploadBytes: 64 * mebibyte,
  heldBytes: 512 * mebibyte,
  pixels: 64e6,
  resultBytes: 512 * mebibyte,
  results: 1000,
  resultAge: 60 * minute,
  jobTime: 30 * minute,
  clientGone: 30_000,
  heartbeat: 10_000,
};

/** Where the server listens; how many milliseconds what runs may go on when it is stopped. */
export const studioDefaults = { host: "127.0.0.1", port: 7860, grace: 30_000 } as const;
