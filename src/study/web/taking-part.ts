/** One subject's way through the study. */
import { signal } from "@preact/signals";
import type { ComingTrial, Session, StudyInfo } from "../api.ts";
import type { Side } from "../design.ts";
import { Refused, type StudyClient } from "./client.ts";
import { type Shown, showFor } from "./frames.ts";

export type Phase =
  | { readonly at: "loading" | "consent" | "invitation" | "full" | "unknown" | "deleted" }
  /** Before the practice, before the rest, or after a pause. */
  | { readonly at: "ready"; readonly before: "practice" | "trials" | "rest" }
  | { readonly at: "trial"; readonly stage: Stage; readonly practice: boolean }
  | { readonly at: "feedback"; readonly chosen: Side; readonly truth: Side }
  | { readonly at: "done"; readonly code: string };

/** A mark to look at; what was degraded; the pair; the pair's places once it is hidden. */
export type Stage = "mark" | "input" | "pair" | "hidden";

/** Where pictures are painted. */
export interface Screen {
  /** Number `tile` of the sheet's tiles at a place. */
  paint(place: "input" | Side, sheet: ImageBitmap, tile: number): void;
  clear(): void;
}

/** How long the mark is there, in milliseconds. */
const markTime = 500;

export class TakingPart {
  readonly info: StudyInfo;
  readonly client: StudyClient;
  readonly phase = signal<Phase>({ at: "loading" });
  readonly session = signal<Session | undefined>(undefined);
  readonly offline = signal(false);
  screen: Screen | undefined;
  readonly #sheets = new Map<string, Promise<ImageBitmap>>();
  /** The answer to the trial that is shown. */
  #answer: ((side: Side, at: number) => void) | undefined;
  #onward: (() => void) | undefined;

  constructor(client: StudyClient, info: StudyInfo) {
    this.client = client;
    this.info = info;
    client.onReach = (reached) => {
      this.offline.value = !reached;
    };
  }

  /** Finds out who it is: by their link, or as someone who comes back. */
  async begin(): Promise<void> {
    const { client, info } = this;
    const remembered = `palette-study-${info.id}`;
    const own = location.hash.slice(1);
    client.token = own || (localStorage.getItem(remembered) ?? undefined);
    if (client.token === undefined) {
      this.phase.value = { at: info.open ? "consent" : "invitation" };
      return;
    }
    try {
      this.#take(await client.session());
      this.#stand("rest");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      localStorage.removeItem(remembered);
      client.token = undefined;
      const known = own === "" && info.open;
      this.phase.value = { at: known ? "consent" : "unknown" };
    }
  }

  async consent(language: string): Promise<void> {
    const { client, info } = this;
    if (client.token === undefined) {
      try {
        client.token = await client.join();
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        this.phase.value = { at: "full" };
        return;
      }
      localStorage.setItem(`palette-study-${info.id}`, client.token);
    }
    this.#take(await client.consent(language));
    this.#stand(info.practice > 0 ? "practice" : "trials");
  }

  /** Goes through trials until there is something to read. */
  async run(): Promise<void> {
    for (;;) {
      const [trial] = this.session.value?.next ?? [];
      if (trial === undefined) return this.#stand("rest");
      const truth = await this.#trial(trial);
      if (truth.feedback !== undefined) {
        this.phase.value = { at: "feedback", ...truth.feedback };
        await new Promise<void>((resolve) => {
          this.#onward = resolve;
        });
      }
      const [next] = this.session.value?.next ?? [];
      if (trial.practice && next?.practice === false) return this.#stand("trials");
      // Who was away, or is, starts again by themselves.
      if (truth.interrupted || document.hidden) return this.#stand("rest");
    }
  }

  /** @param at the time of the event */
  answer(side: Side, at: number): void {
    this.#answer?.(side, at);
  }

  /** From feedback to the next trial. */
  onward(): void {
    this.screen?.clear();
    this.#onward?.();
  }

  async delete(): Promise<void> {
    if (this.client.token !== undefined) await this.client.delete();
    localStorage.removeItem(`palette-study-${this.info.id}`);
    this.client.token = undefined;
    this.phase.value = { at: "deleted" };
  }

  async #trial({ name, practice }: ComingTrial) {
    const show = (stage: Stage) => {
      this.phase.value = { at: "trial", stage, practice };
    };
    show("mark");
    // Decoded before the clock starts: the first frame has all of it.
    const [sheet] = await Promise.all([this.#sheet(name), pause(markTime)]);
    const { inputSeconds, seconds } = this.info;
    const first = inputSeconds > 0 ? 1 : 0;
    const screen = this.screen;
    const clear = () => screen?.clear();
    if (inputSeconds > 0) {
      show("input");
      const paint = () => screen?.paint("input", sheet, 0);
      await showFor({ time: inputSeconds * 1000, paint, clear });
    }
    show("pair");
    const answered = new AbortController();
    const choice = new Promise<{ side: Side; at: number }>((resolve) => {
      this.#answer = (side, at) => {
        this.#answer = undefined;
        answered.abort();
        resolve({ side, at });
      };
    });
    const paint = () => {
      screen?.paint("left", sheet, first);
      screen?.paint("right", sheet, first + 1);
    };
    const shown: Shown = await showFor({
      ...{ time: seconds * 1000, paint, clear, signal: answered.signal },
    });
    if (!answered.signal.aborted) show("hidden");
    const { side, at } = await choice;
    const { interrupted, frames } = shown;
    const { session, truth } = await this.client.vote({
      ...{ name, side, frames, interrupted },
      shown: rounded(shown.shown),
      reaction: rounded(Math.max(0, at - shown.start)),
    });
    this.#take(session);
    if (truth === undefined) return { interrupted };
    paint();
    return { interrupted, feedback: { chosen: side, truth } };
  }

  #take(session: Session): void {
    this.session.value = session;
    const names = session.next.map(({ name }) => name);
    for (const name of names) void this.#sheet(name).catch(() => {});
    for (const [name, sheet] of this.#sheets) {
      if (names.includes(name)) continue;
      this.#sheets.delete(name);
      // A practice pair may still be painted.
      void sheet.then((bitmap) => setTimeout(() => bitmap.close(), 60_000)).catch(() => {});
    }
  }

  #sheet(name: string): Promise<ImageBitmap> {
    const sheet = this.#sheets.get(name) ?? this.client.sheet(name);
    this.#sheets.set(name, sheet);
    return sheet;
  }

  /** What to read next. */
  #stand(before: "practice" | "trials" | "rest"): void {
    const { consented, code } = this.session.value ?? { consented: false };
    if (code !== undefined) this.phase.value = { at: "done", code };
    else if (!consented) this.phase.value = { at: "consent" };
    else this.phase.value = { at: "ready", before };
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const rounded = (value: number) => Math.round(10 * value) / 10;
