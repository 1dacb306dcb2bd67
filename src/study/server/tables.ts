/** The tables of a study's file, and their rows. */
import type { Side, TrialKind } from "../design.ts";

export const schema = `
CREATE TABLE IF NOT EXISTS study (digest TEXT NOT NULL, deleted INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS subject (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  token TEXT NOT NULL UNIQUE,
  code TEXT NOT NULL UNIQUE,
  link INTEGER NOT NULL,
  language TEXT,
  consented TEXT,
  active INTEGER NOT NULL,
  finished TEXT
);
CREATE TABLE IF NOT EXISTS trial (
  subject INTEGER NOT NULL REFERENCES subject ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  item INTEGER NOT NULL,
  truth TEXT NOT NULL,
  PRIMARY KEY (subject, position)
);
CREATE TABLE IF NOT EXISTS vote (
  subject INTEGER NOT NULL,
  position INTEGER NOT NULL,
  side TEXT NOT NULL,
  reaction REAL NOT NULL,
  shown REAL NOT NULL,
  frames INTEGER NOT NULL,
  interrupted INTEGER NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (subject, position),
  FOREIGN KEY (subject, position) REFERENCES trial ON DELETE CASCADE
);`;

export interface SubjectRow {
  readonly id: number;
  readonly token: string;
  readonly code: string;
  readonly link: number;
  readonly language: string | null;
  readonly consented: string | null;
  readonly active: number;
  readonly finished: string | null;
}

export interface TrialRow {
  readonly subject: number;
  readonly position: number;
  readonly name: string;
  readonly kind: TrialKind;
  readonly item: number;
  readonly truth: Side;
}

/** A trial with its vote. */
export interface VoteRow extends TrialRow {
  readonly side: Side;
  readonly reaction: number;
  readonly shown: number;
  readonly frames: number;
  readonly interrupted: number;
  readonly at: string;
}
