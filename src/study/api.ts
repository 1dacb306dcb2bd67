/**
 * What the page and the server of a study say to each other. Addresses are relative to the page.
 */
import type { Side } from "./design.ts";

export const studyPaths = {
  study: "api/v1/study",
  subjects: "api/v1/subjects",
  session: "api/v1/session",
  consent: "api/v1/consent",
  votes: "api/v1/votes",
  /** All that is kept of the subject: to be read, or deleted. */
  subject: "api/v1/subject",
  sheet: (name: string) => `api/v1/sheets/${name}`,
} as const;

/** What everybody may know of the study. */
export interface StudyInfo {
  readonly id: string;
  /** The question unless given. */
  readonly title?: string;
  readonly consent?: string;
  readonly seconds: number;
  readonly inputSeconds: number;
  /** Of a picture, in pixels. */
  readonly side: number;
  /** Whether one may take part without a link of one's own. */
  readonly open: boolean;
  readonly practice: number;
  /** Pairs and checks together: they are not told apart. */
  readonly trials: number;
}

/** A trial to come: the name of its sheet. */
export interface ComingTrial {
  readonly name: string;
  readonly practice: boolean;
}

/** Where a subject stands. */
export interface Session {
  readonly consented: boolean;
  /** Trials answered, and all. */
  readonly done: number;
  readonly total: number;
  /** The next few, so that they are there before the clock starts. */
  readonly next: readonly ComingTrial[];
  /** When all is done. */
  readonly code?: string;
}

export interface ConsentMessage {
  /** The page's. */
  readonly language?: string;
}

/** An answer to a trial; times in milliseconds. */
export interface Ballot {
  /** Of the trial's sheet. */
  readonly name: string;
  readonly side: Side;
  /** From the first frame of the pair to the answer. */
  readonly reaction: number;
  /** How long, and for how many frames, the pair was shown. */
  readonly shown: number;
  readonly frames: number;
  /** The page was hidden meanwhile. */
  readonly interrupted: boolean;
}

export interface VoteAnswer {
  readonly session: Session;
  /** Of a practice trial: where the camera's picture was. */
  readonly truth?: Side;
}
