/**
 * What was done to a photo: steps, each with its answers, and where one stands among them. No step
 * is ever lost; going on from an earlier one only adds. Pure values.
 */
import type { Box } from "../../../image/image.ts";
import type { StudioOptions, StudioTask } from "../restorer.ts";

/** An answer of a step. */
export interface Place {
  readonly step: number;
  readonly answer: number;
}

/** What was asked for: asked again, with another seed, it gives more answers. */
export interface Asked {
  readonly task: StudioTask;
  readonly options: StudioOptions;
  readonly mask?: Blob;
}

export interface Step<P> {
  /** The opened photo has none. */
  readonly asked?: Asked;
  /** What the step began with; the opened photo has none. */
  readonly from?: Place;
  /** Where the answers lie, in the pixels of what the step began with. */
  readonly frame: Box;
  readonly answers: readonly P[];
}

export interface Cursor {
  /** What the next request works on. */
  readonly base: Place;
  /** The step whose answers lie beside it. */
  readonly review?: number;
  /** Which of them is shown; "before" is the base. */
  readonly shown: number | "before";
}

export interface History<P> {
  /** Named by their places in this list; the first is the opened photo. */
  readonly steps: readonly Step<P>[];
  readonly cursor: Cursor;
  readonly past: readonly Cursor[];
  readonly future: readonly Cursor[];
}

export function openHistory<P>(photo: P, frame: Box): History<P> {
  const cursor: Cursor = { base: { step: 0, answer: 0 }, shown: "before" };
  return { steps: [{ answers: [photo], frame }], cursor, past: [], future: [] };
}

export function photoAt<P>({ steps }: History<P>, { step, answer }: Place): P {
  const photo = steps[step]?.answers[answer];
  if (photo === undefined) throw new Error(`The history has no answer ${answer} of step ${step}.`);
  return photo;
}

export function basePhoto<P>(history: History<P>): P {
  return photoAt(history, history.cursor.base);
}

/** The step whose answers are looked at. */
export function reviewed<P>({ steps, cursor }: History<P>): Step<P> | undefined {
  return cursor.review === undefined ? undefined : steps[cursor.review];
}

/** The photo that is shown: an answer, or the base. */
export function shownPhoto<P>(history: History<P>): P {
  const { shown } = history.cursor;
  const step = reviewed(history);
  return (shown === "before" ? undefined : step?.answers[shown]) ?? basePhoto(history);
}

/** Answers have come: they are looked at, the first of them shown. */
export function addStep<P>(history: History<P>, step: Step<P>): History<P> {
  const steps = [...history.steps, step];
  const base = step.from ?? history.cursor.base;
  return go({ ...history, steps }, { base, review: steps.length - 1, shown: 0 });
}

/** More answers of a step; the first of the new ones is shown. */
export function addAnswers<P>(history: History<P>, index: number, more: readonly P[]): History<P> {
  const step = history.steps[index];
  if (step?.from === undefined) return history;
  const answers = [...step.answers, ...more];
  const steps = history.steps.map((old, k) => (k === index ? { ...step, answers } : old));
  const cursor: Cursor = { base: step.from, review: index, shown: step.answers.length };
  return { ...history, steps, cursor };
}

/** Shows an answer of the step that is looked at, or what it began with. */
export function show<P>(history: History<P>, shown: number | "before"): History<P> {
  const count = reviewed(history)?.answers.length ?? 0;
  const known = shown === "before" || (shown >= 0 && shown < count);
  return known ? { ...history, cursor: { ...history.cursor, shown } } : history;
}

/** The next or the previous answer, around through what they began with. */
export function showNext<P>(history: History<P>, by: 1 | -1): History<P> {
  const count = reviewed(history)?.answers.length ?? 0;
  if (count === 0) return history;
  const { shown } = history.cursor;
  const at = shown === "before" ? 0 : shown + 1;
  const next = (at + by + count + 1) % (count + 1);
  return show(history, next === 0 ? "before" : next - 1);
}

/** Goes on from the answer that is shown. */
export function accept<P>(history: History<P>): History<P> {
  const { review, shown } = history.cursor;
  if (review === undefined || shown === "before") return history;
  return go(history, { base: { step: review, answer: shown }, shown: "before" });
}

/** Back to a step as it was when its answers had come. */
export function restoreStep<P>(history: History<P>, index: number): History<P> {
  const step = history.steps[index];
  if (step === undefined || step.answers.length === 0) return history;
  return go(
    history,
    step.from === undefined
      ? { base: { step: index, answer: 0 }, shown: "before" }
      : { base: step.from, review: index, shown: 0 },
  );
}

export function undo<P>(history: History<P>): History<P> {
  const cursor = history.past.at(-1);
  if (cursor === undefined) return history;
  const future = [history.cursor, ...history.future];
  return { ...history, cursor, past: history.past.slice(0, -1), future };
}

export function redo<P>(history: History<P>): History<P> {
  const [cursor, ...future] = history.future;
  if (cursor === undefined) return history;
  return { ...history, cursor, past: [...history.past, history.cursor], future };
}

function go<P>(history: History<P>, cursor: Cursor): History<P> {
  return { ...history, cursor, past: [...history.past, history.cursor], future: [] };
}
