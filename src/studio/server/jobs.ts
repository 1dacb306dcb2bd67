/** All jobs: who waits, who is worked on, whose answers are kept. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Executor } from "./executor.ts";
import { FairQueue } from "./fair-queue.ts";
import { Job, type Submission } from "./job.ts";
import type { Limits } from "./limits.ts";
import { HttpProblem, problemFrom } from "./problem.ts";

/**
 * How often jobs whose clients are gone, and answers that are old, are looked for at least, in
 * milliseconds.
 */
const sweepEvery = 1000;

export class Jobs {
  private readonly jobs = new Map<string, Job>();
  /** A job that nobody listens to waits behind its client's others: it may be left. */
  private readonly queue = new FairQueue<Job>((job) => job.attended || job.listeners > 0);
  private readonly idle: Executor[];
  private readonly executors: readonly Executor[];
  private readonly running = new Map<Job, AbortController>();
  private readonly limits: Limits;
  private readonly sweeping: NodeJS.Timeout;
  private stopping = false;
  /** Of the last jobs, in seconds. */
  private usualTime = 10;

  /** @param executors as many jobs are carried out at a time; they are closed by `close` */
  constructor(executors: readonly Executor[], limits: Limits) {
    this.executors = executors;
    this.idle = [...executors];
    this.limits = limits;
    const every = Math.min(sweepEvery, limits.clientGone / 3, limits.resultAge / 3);
    this.sweeping = setInterval(() => this.sweep(), every);
    this.sweeping.unref();
  }

  get isStopping(): boolean {
    return this.stopping;
  }

  get counts(): { readonly queued: number; readonly running: number; readonly kept: number } {
    return { queued: this.queue.length, running: this.running.size, kept: this.jobs.size };
  }

  /**
   * Asked before a request is read.
   * @throws HttpProblem while the server is stopping, or has enough to do
   */
  checkRoom(client: string): void {
    if (this.stopping) throw stopped();
    const { queue, queuePerClient } = this.limits;
    const retryAfter = Math.min(120, Math.max(1, Math.ceil(this.usualTime)));
    if (this.queue.length >= queue) {
      throw new HttpProblem(
        429,
        `${queue} jobs are waiting, which is the most; try again in ${retryAfter} s.`,
        retryAfter,
      );
    }
    if (this.queue.lengthOf(client) >= queuePerClient) {
      throw new HttpProblem(
        429,
        `${queuePerClient} of your jobs are waiting, which is the most; try again in ${retryAfter} s.`,
        retryAfter,
      );
    }
  }

  /** @throws HttpProblem as `checkRoom`; the share of bytes is given back then. */
  submit(submission: Submission): Job {
    try {
      this.checkRoom(submission.client);
    } catch (error) {
      submission.share.release();
      throw error;
    }
    const job = new Job(submission);
    this.jobs.set(job.id, job);
    this.queue.add(job.client, job);
    this.pump();
    this.tellPlaces();
    return job;
  }

  /**
   * A job that somebody asks for.
   * @throws HttpProblem when it is unknown
   */
  get(id: string): Job {
    const job = this.jobs.get(id);
    if (job === undefined) {
      throw new HttpProblem(
        404,
        "There is no such job, or it is no longer kept; hand it in again.",
      );
    }
    job.lastSeen = Date.now();
    return job;
  }

  /** Ends a job that waits or runs. */
  cancel(job: Job, problem: HttpProblem, state: "failed" | "cancelled" = "cancelled"): void {
    if (job.isOver) return;
    job.failed(problem, state);
    const controller = this.running.get(job);
    if (controller !== undefined) {
      controller.abort(problem);
      return;
    }
    this.queue.remove(job.client, job);
    job.release();
    this.tellPlaces();
  }

  /** Cancels a job and forgets its answers. */
  drop(job: Job): void {
    this.cancel(job, new HttpProblem(410, "The job was cancelled."));
    this.jobs.delete(job.id);
  }

  /**
   * Takes no more jobs, hands back those that wait, and lets those that run finish.
   * @param grace milliseconds after which they are stopped
   * @returns when their answers were fetched, or after `fetchTime`
   */
  async stop(grace: number, fetchTime: number): Promise<void> {
    this.stopping = true;
    for (const job of [...this.queue]) this.cancel(job, stopped(), "failed");
    const running = [...this.running.keys()];
    const timer = setTimeout(() => {
      for (const job of running) this.cancel(job, stopped(), "failed");
    }, grace);
    await Promise.all(running.map((job) => job.whenOver()));
    clearTimeout(timer);
    const end = Date.now() + fetchTime;
    while (running.some((job) => !job.isFetched) && Date.now() < end) await sleep(50);
  }

  async close(): Promise<void> {
    this.stopping = true;
    clearInterval(this.sweeping);
    for (const job of this.jobs.values()) this.cancel(job, stopped(), "failed");
    await Promise.all(this.executors.map((executor) => executor.close()));
    this.jobs.clear();
  }

  private pump(): void {
    while (this.idle.length > 0) {
      const job = this.queue.take();
      const executor = job && this.idle.pop();
      if (job === undefined || executor === undefined) return;
      void this.carryOut(job, executor);
    }
  }

  private async carryOut(job: Job, executor: Executor): Promise<void> {
    const { work } = job;
    const controller = new AbortController();
    const minutes = Math.ceil(this.limits.jobTime / 60_000);
    const late = setTimeout(() => {
      const detail = `It took longer than ${minutes} min and was stopped; take a smaller photo or fewer steps.`;
      this.cancel(job, new HttpProblem(504, detail), "failed");
    }, this.limits.jobTime);
    this.running.set(job, controller);
    job.start();
    const start = performance.now();
    try {
      if (work === undefined) return;
      const restored = await executor.run(work, {
        signal: controller.signal,
        onStep: (progress) => job.stepped(progress),
        onPreview: (index, jpeg) => job.previewed(index, jpeg),
      });
      job.done(restored);
      this.usualTime = 0.7 * this.usualTime + (0.3 * (performance.now() - start)) / 1000;
    } catch (thrown) {
      job.failed(problemFrom(thrown));
    } finally {
      clearTimeout(late);
      job.release();
      this.running.delete(job);
      this.idle.push(executor);
      this.keepWithin(job);
      this.pump();
      this.tellPlaces();
    }
  }

  private tellPlaces(): void {
    let place = this.running.size;
    for (const job of this.queue) job.waitAt(place++);
  }

  private sweep(): void {
    const { clientGone, resultAge } = this.limits;
    const now = Date.now();
    for (const job of this.jobs.values()) {
      if (job.finished !== undefined) {
        if (job.listeners === 0 && now - job.finished > resultAge) this.jobs.delete(job.id);
      } else if (!job.attended && job.listeners === 0 && now - job.lastSeen > clientGone) {
        const seconds = Math.round(clientGone / 1000);
        const detail = `Nobody asked for the job for ${seconds} s, so it was cancelled; listen to its events.`;
        this.cancel(job, new HttpProblem(410, detail));
      }
    }
    this.keepWithin();
  }

  /**
   * Forgets the oldest jobs that are over, never the newest, until the rest is within the limits.
   */
  private keepWithin(newest?: Job): void {
    const over = [...this.jobs.values()]
      .filter((job) => job.isOver)
      .sort((a, b) => (a.finished ?? 0) - (b.finished ?? 0));
    let bytes = over.reduce((sum, job) => sum + job.bytes, 0);
    let count = over.length;
    for (const job of over) {
      if (bytes <= this.limits.resultBytes && count <= this.limits.results) return;
      if (job === newest) continue;
      bytes -= job.bytes;
      count -= 1;
      this.jobs.delete(job.id);
    }
  }
}

function stopped(): HttpProblem {
  return new HttpProblem(503, "The server is stopping; hand the job in again when it is back.", 10);
}
