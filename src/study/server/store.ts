/**
 * Subjects, their trials and votes, in one SQLite file. A vote is on the disk when `vote` returns:
 * the journal is a write-ahead log, synchronized at every commit.
 */
import { randomBytes, randomInt } from "node:crypto";
import Database from "libsql";
import { HttpProblem } from "../../studio/server/problem.ts";
import { PaletteError, reasonOf } from "../../util/errors.ts";
import { Random } from "../../util/random.ts";
import type { Ballot, ComingTrial, Session } from "../api.ts";
import { assignTrials, type Side } from "../design.ts";
import type { Study } from "../settings.ts";
import { type SubjectRow, schema, type TrialRow, type VoteRow } from "./tables.ts";

/** Trials that a subject is told of: the current one, and what is loaded meanwhile. */
const ahead = 3;

/** Someone away for so long, in milliseconds, is not expected back: others get the pairs. */
const expectedBack = 2 * 3600_000;

const subjectsPerPlanned = 20;

export class StudyStore {
  private readonly db: Database.Database;
  private readonly study: Study;

  /** @throws PaletteError when the file holds another study's votes or cannot be opened */
  constructor(file: string, study: Study) {
    this.study = study;
    try {
      this.db = new Database(file, { timeout: 5000 });
      this.db.pragma("journal_mode = WAL");
      this.db.pragma("synchronous = FULL");
      this.db.pragma("foreign_keys = ON");
      this.db.pragma("secure_delete = ON");
      this.db.exec(schema);
    } catch (thrown) {
      throw new PaletteError(`${file} cannot be opened (${reasonOf(thrown)}).`, { cause: thrown });
    }
    const { digest } = study.made;
    const known = this.one<{ digest: string }>("SELECT digest FROM study");
    if (known === undefined) this.run("INSERT INTO study (digest) VALUES (?)", digest);
    else if (known.digest !== digest) {
      this.db.close();
      throw new PaletteError(
        `${file} holds the votes of another study: move it away, or make the study as it was.`,
      );
    }
  }

  /** The tokens of `count` personal links, made where there are fewer. */
  links(count: number): string[] {
    const own = "SELECT token FROM subject WHERE link = 1 ORDER BY id LIMIT ?";
    const missing = count - this.all(own, count).length;
    this.together(() => {
      for (let k = 0; k < missing; k++) this.addSubject(true);
    });
    return this.all<{ token: string }>(own, count).map(({ token }) => token);
  }

  /** A subject who came by the open link. @returns the token */
  join(): string {
    const { n } = this.one<{ n: number }>("SELECT count(*) AS n FROM subject") ?? { n: 0 };
    if (n >= subjectsPerPlanned * this.study.settings.subjects) {
      throw new HttpProblem(403, "The study takes no more subjects; thank you all the same.");
    }
    return this.addSubject(false);
  }

  /** @throws HttpProblem for a token that is nobody's */
  subject(token: string): SubjectRow {
    const found = this.one<SubjectRow>("SELECT * FROM subject WHERE token = ?", token);
    if (found === undefined) {
      throw new HttpProblem(401, "The link is nobody's; ask for another, or open it in full.");
    }
    return found;
  }

  /** Gives the subject their trials; once. */
  consent(token: string, language?: string): Session {
    this.together(() => {
      const subject = this.subject(token);
      if (subject.consented !== null) return;
      const { settings, made } = this.study;
      const { trials, practice, checks } = settings;
      const design = { photos: made.photos.length, cells: made.cells.length };
      const random = Random.from(settings.seed, "subject", subject.id, token);
      const chosen = assignTrials({ ...design, trials, practice, checks }, this.seen(), random);
      for (const [position, { kind, item, truth }] of chosen.entries()) {
        this.run(
          "INSERT INTO trial (subject, position, name, kind, item, truth) VALUES (?, ?, ?, ?, ?, ?)",
          ...[subject.id, position, randomWord(), kind, item, truth],
        );
      }
      this.run(
        "UPDATE subject SET consented = ?, language = ?, active = ? WHERE id = ?",
        ...[now(), language ?? null, Date.now(), subject.id],
      );
    });
    return this.session(token);
  }

  session(token: string): Session {
    const { id, consented, finished, code } = this.subject(token);
    const { practice, trials, checks } = this.study.settings;
    const done = this.votesOf(id);
    const coming = this.all<TrialRow>(
      "SELECT * FROM trial WHERE subject = ? AND position >= ? ORDER BY position LIMIT ?",
      ...[id, done, ahead],
    );
    return {
      consented: consented !== null,
      ...{ done, total: practice + trials + checks },
      next: coming.map(({ name, kind }): ComingTrial => ({ name, practice: kind === "practice" })),
      ...(finished !== null && { code }),
    };
  }

  /** The digest of the sheet of one of the trials that the subject was told of, and its truth. */
  coming(token: string, name: string): { readonly sheet: string; readonly truth: Side } {
    const { id } = this.subject(token);
    const trial = this.trial(id, name);
    const done = this.votesOf(id);
    if (trial === undefined || trial.position < done || trial.position >= done + ahead) {
      throw new HttpProblem(404, "There is no such picture, or it has been seen.");
    }
    return { sheet: this.sheetsOf(trial)[trial.truth], truth: trial.truth };
  }

  /**
   * Keeps a vote; it is on the disk when this returns. The first vote on a trial counts.
   * @returns the trial
   * @throws HttpProblem for a trial that is not the subject's next
   */
  vote(token: string, { name, side, reaction, shown, frames, interrupted }: Ballot): TrialRow {
    return this.together(() => {
      const { id } = this.subject(token);
      const trial = this.trial(id, name);
      if (trial === undefined) throw new HttpProblem(404, "There is no such trial of yours.");
      const done = this.votesOf(id);
      if (trial.position > done) throw new HttpProblem(409, "Answer the trials in their order.");
      if (trial.position < done) return trial;
      this.run(
        "INSERT INTO vote (subject, position, side, reaction, shown, frames, interrupted, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ...[id, trial.position, side, reaction, shown, frames, Number(interrupted), now()],
      );
      const left = this.one(
        "SELECT 1 FROM trial WHERE subject = ? AND position > ?",
        ...[id, trial.position],
      );
      const finished = left === undefined ? now() : null;
      this.run(
        "UPDATE subject SET active = ?, finished = ? WHERE id = ?",
        ...[Date.now(), finished, id],
      );
      return trial;
    });
  }

  /** All that is kept of a subject, found by their link's word or their completion code. */
  exported(word: string): object {
    const { id, code, language, consented, finished } = this.found(word);
    const votes = this.all<VoteRow>(
      "SELECT position, side, reaction, shown, frames, interrupted, at FROM vote WHERE subject = ? ORDER BY position",
      id,
    );
    return { subject: id, code, language, consented, finished, votes };
  }

  /** Deletes all that is kept of a subject; only that one was deleted is still known. */
  delete(word: string): void {
    const { id } = this.found(word);
    this.together(() => {
      this.run("DELETE FROM subject WHERE id = ?", id);
      this.run("UPDATE study SET deleted = deleted + 1");
    });
    // The log held the rows, too.
    this.db.pragma("wal_checkpoint(TRUNCATE)");
  }

  /** Everything, for the report. */
  everything(): { subjects: SubjectRow[]; votes: VoteRow[]; deleted: number } {
    return {
      subjects: this.all<SubjectRow>(
        "SELECT * FROM subject WHERE consented IS NOT NULL ORDER BY id",
      ),
      votes: this.all<VoteRow>(
        "SELECT * FROM vote JOIN trial USING (subject, position) ORDER BY subject, position",
      ),
      deleted: this.one<{ deleted: number }>("SELECT deleted FROM study")?.deleted ?? 0,
    };
  }

  close(): void {
    this.db.close();
  }

  /**
   * How often each pair has been seen, or will be: by those who passed, by those who are at it, and
   * as far as they came by those who left. Votes that will not count are asked of others.
   */
  private seen(): number[] {
    const { made, settings } = this.study;
    const seen = new Array<number>(made.pairs.length).fill(0);
    const rows = this.all<{ item: number }>(
      `SELECT trial.item AS item FROM trial
       JOIN subject ON subject.id = trial.subject
       LEFT JOIN vote USING (subject, position)
       WHERE trial.kind = 'pair'
         AND (vote.side IS NOT NULL OR subject.active > ?)
         AND (SELECT count(*) FROM vote AS v JOIN trial AS t USING (subject, position)
              WHERE t.subject = subject.id AND t.kind = 'check' AND v.side <> t.truth) <= ?`,
      ...[Date.now() - expectedBack, settings.failuresAllowed],
    );
    for (const { item } of rows) seen[item] = (seen[item] ?? 0) + 1;
    return seen;
  }

  private addSubject(link: boolean): string {
    const token = randomWord();
    this.run(
      "INSERT INTO subject (token, code, link, active) VALUES (?, ?, ?, ?)",
      ...[token, completionCode(), Number(link), 0],
    );
    return token;
  }

  private found(word: string): SubjectRow {
    const subject = this.one<SubjectRow>(
      "SELECT * FROM subject WHERE token = ? OR code = ?",
      ...[word, word.toUpperCase()],
    );
    if (subject !== undefined) return subject;
    throw new PaletteError(
      `There is no subject "${word}"; give the word behind # in a link, or a completion code.`,
    );
  }

  private trial(subject: number, name: string): TrialRow | undefined {
    return this.one("SELECT * FROM trial WHERE subject = ? AND name = ?", subject, name);
  }

  private sheetsOf({ kind, item }: TrialRow) {
    const { pairs, practice, checks } = this.study.made;
    const sheets = { pair: pairs, practice, check: checks }[kind][item];
    if (sheets === undefined) throw new Error(`There is no ${kind} ${item}.`);
    return sheets;
  }

  private votesOf(subject: number): number {
    const sql = "SELECT count(*) AS n FROM vote WHERE subject = ?";
    return this.one<{ n: number }>(sql, subject)?.n ?? 0;
  }

  /** All of what `work` does, or nothing. */
  private together<T>(work: () => T): T {
    return this.db.transaction(work).immediate();
  }

  private run(sql: string, ...values: unknown[]): void {
    this.db.prepare(sql).run(...values);
  }

  private one<T>(sql: string, ...values: unknown[]): T | undefined {
    return this.db.prepare(sql).get(...values) as T | undefined;
  }

  private all<T>(sql: string, ...values: unknown[]): T[] {
    return this.db.prepare(sql).all(...values) as T[];
  }
}

const now = () => new Date().toISOString();
const randomWord = () => randomBytes(18).toString("base64url");

/** Without letters and digits that look alike. */
function completionCode(): string {
  const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  return Array.from({ length: 10 }, () => letters[randomInt(letters.length)]).join("");
}
