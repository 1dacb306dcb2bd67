/** A job: from being handed in until its answers are forgotten. */
import { randomBytes } from "node:crypto";
import type { Job as JobMessage } from "../api/messages.ts";
import { paths } from "../api/paths.ts";
import type { ByteShare } from "./byte-budget.ts";
import { EventLog } from "./event-log.ts";
import type { RestoredWork, RestoreWork, StepProgress } from "./executor.ts";
import { type HttpProblem, problemBody } from "./problem.ts";

/** What is handed in. */
export interface Submission {
  /** Whose turn it is: jobs of one client wait for each other. */
  readonly client: string;
  readonly work: RestoreWork;
  /** The model's name. */
  readonly model: string;
  /** The bytes that the work holds. */
  readonly share: ByteShare;
  /** Its request is open until it is done: no other sign of its client is needed. */
  readonly attended?: boolean;
}

export class Job {
  readonly id = randomBytes(16).toString("base64url");
  readonly created = new Date();
  readonly events = new EventLog();
  readonly client: string;
  readonly task: RestoreWork["task"];
  readonly seed: number;
  readonly model: string;
  readonly attended: boolean;
  state: JobMessage["state"] = "queued";
  /** When it was last asked for, and streams of its events that are open. */
  lastSeen = Date.now();
  listeners = 0;
  finished?: number;
  restored?: RestoredWork;
  /** Answers that were fetched. */
  readonly fetched = new Set<number>();
  private place?: number;
  private progress?: StepProgress;
  private problem?: HttpProblem;
  private submission?: Submission;
  private readonly settled: Promise<void>;
  private settle: () => void = () => {};

  constructor(submission: Submission) {
    const { client, work, model, attended = false } = submission;
    this.client = client;
    this.task = work.task;
    this.seed = work.options.seed;
    this.model = model;
    this.attended = attended;
    this.submission = submission;
    this.settled = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  get work(): RestoreWork | undefined {
    return this.submission?.work;
  }

  get isOver(): boolean {
    return this.finished !== undefined;
  }

  get failure(): HttpProblem | undefined {
    return this.problem;
  }

  /** Whether nothing of it waits for its client. */
  get isFetched(): boolean {
    return this.isOver && this.fetched.size === (this.restored?.answers.length ?? 0);
  }

  /** Bytes of its answers. */
  get bytes(): number {
    const { answers = [], metadata } = this.restored ?? {};
    return answers.reduce((sum, { png }) => sum + png.length, metadata?.exif?.length ?? 0);
  }

  /** Resolves when it is done, failed or cancelled. */
  whenOver(): Promise<void> {
    return this.settled;
  }

  waitAt(place: number): void {
    if (this.place === place) return;
    this.place = place;
    this.events.publish({ event: "queued", data: { place } });
  }

  start(): void {
    this.state = "running";
    this.place = undefined;
    this.events.forget("queued");
    // That it has begun, before anything can be said of its steps.
    this.stepped({ step: 0, steps: this.work?.steps ?? 0 });
  }

  stepped(progress: StepProgress): void {
    if (this.isOver) return;
    this.progress = progress;
    this.events.publish({ event: "step", data: progress });
  }

  previewed(index: number, jpeg: Uint8Array): void {
    if (this.isOver) return;
    const data = Buffer.from(jpeg).toString("base64");
    const preview = { index, type: "image/jpeg", data };
    this.events.publish({ event: "preview", data: preview }, `preview ${index}`);
  }

  done(restored: RestoredWork): void {
    if (this.isOver) return;
    this.restored = restored;
    this.over("done");
    this.events.publish({ event: "done", data: this.message() });
  }

  /** Failed, or cancelled when nobody wants it any more. */
  failed(problem: HttpProblem, state: "failed" | "cancelled" = "failed"): void {
    if (this.isOver) return;
    this.problem = problem;
    this.over(state);
    this.events.publish({ event: "failed", data: problemBody(problem) });
  }

  /** Gives back the bytes of the request. */
  release(): void {
    this.submission?.share.release();
    this.submission = undefined;
  }

  /** As the API shows it. */
  message(): JobMessage {
    const { id, task, state, model, seed, place, problem, restored } = this;
    return {
      ...{ id, task, state, model, seed, created: this.created.toISOString() },
      ...(place !== undefined && { place }),
      ...(this.state === "running" && this.progress),
      results: (restored?.answers ?? []).map(({ width, height }, index) => {
        return { index, seed, width, height, url: paths.result(id, index) };
      }),
      notes: [...(restored?.notes ?? [])],
      ...(problem && { problem: problemBody(problem) }),
    };
  }

  private over(state: JobMessage["state"]): void {
    this.state = state;
    this.finished = Date.now();
    this.place = undefined;
    this.events.forget("queued", "step", "preview");
    this.settle();
  }
}
