/** A study's server that is killed while subjects vote. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Session } from "../../src/study/api.ts";
import type { Side } from "../../src/study/design.ts";
import { StudyStore } from "../../src/study/server/store.ts";
import { type Study, studyFiles } from "../../src/study/settings.ts";
import { program } from "./compiled.ts";
import { Subject } from "./study.ts";

export interface SpreeOptions {
  readonly kills: number;
  readonly subjects: number;
  /** Milliseconds from the server's start to its end by SIGKILL: least and most. */
  readonly pause: readonly [number, number];
  readonly onKill?: (kill: number, acknowledged: number) => void;
}

export interface SpreeResult {
  readonly acknowledged: number;
  readonly kept: number;
  /** Of those acknowledged. */
  readonly lost: number;
  /** Of those acknowledged, kept with the other side. */
  readonly changed: number;
  /** Trials with more than one vote. */
  readonly twice: number;
}

/** Lets all subjects vote at once, to the end, while the server is killed and started again. */
export async function killingSpree(
  folder: string,
  study: Study,
  { kills, subjects, pause: [least, most], onKill }: SpreeOptions,
): Promise<SpreeResult> {
  const acknowledged = new Map<string, Side>();
  let server = await started(folder, 0);
  const { port } = new URL(server.url);
  const begun = await Promise.all(
    Array.from({ length: subjects }, () => Subject.join(`${server.url}/`)),
  );
  const voting = Promise.all(begun.map((subject) => vote(subject, acknowledged)));
  for (let kill = 0; kill < kills; kill++) {
    await new Promise((resolve) =>
      setTimeout(resolve, least + ((most - least) * ((7 * kill) % kills)) / kills),
    );
    const exit = once(server.child, "exit");
    server.child.kill("SIGKILL");
    await exit;
    onKill?.(kill, acknowledged.size);
    server = await started(folder, Number(port));
  }
  await voting;
  server.child.kill("SIGKILL");
  const store = new StudyStore(join(folder, studyFiles.votes), study);
  const { votes } = store.everything();
  store.close();
  const kept = new Map(votes.map(({ name, side }) => [name, side]));
  const sides = [...acknowledged].map(([name, side]) => [side, kept.get(name)] as const);
  return {
    acknowledged: acknowledged.size,
    kept: votes.length,
    lost: sides.filter(([, side]) => side === undefined).length,
    changed: sides.filter(([before, side]) => side !== undefined && side !== before).length,
    twice: votes.length - kept.size,
  };
}

/** Votes on all trials; a vote without an answer is sent again, as the page does. */
async function vote(subject: Subject, acknowledged: Map<string, Side>): Promise<void> {
  const insist = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
  let session: Session = await insist(() => subject.consent());
  for (;;) {
    const [next] = session.next;
    if (next === undefined) return;
    const side = next.name.charCodeAt(0) % 2 === 0 ? "left" : "right";
    ({ session } = await insist(() => subject.vote(next.name, side)));
    acknowledged.set(next.name, side);
  }
}

async function started(
  folder: string,
  port: number,
): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(
    process.execPath,
    [program, "study", "serve", folder, "--port", String(port)],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  const exited = once(child, "exit").then(([code]) =>
    Promise.reject(new Error(`the server ended with code ${code}`)),
  );
  const [line] = await Promise.race([once(createInterface(child.stdout), "line"), exited]);
  exited.catch(() => {});
  return { url: String(line).replace(/\/$/, ""), child };
}
