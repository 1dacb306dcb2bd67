/**
 * Studies of tiny pictures by a model that answers with noise, and subjects who take part by HTTP.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sharp } from "../../src/node/sharp.ts";
import { makeStudy } from "../../src/node/study.ts";
import { type Ballot, type Session, studyPaths, type VoteAnswer } from "../../src/study/api.ts";
import {
  type Study,
  type StudySettings,
  studyDefaults,
  studySettingsSchema,
} from "../../src/study/settings.ts";
import { savedModel } from "./studio.ts";

/** Photos of noise, each different. */
export async function savedPhotos(folder: string, count: number): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (let k = 0; k < count; k++) {
    const noise = { type: "gaussian", mean: 128, sigma: 30 } as const;
    const picture = sharp({
      create: { width: 24, height: 20, channels: 3, background: "#808080", noise },
    });
    await writeFile(join(folder, `photo-${k}.png`), await picture.png().toBuffer());
  }
  return folder;
}

/** What a small study asks for; 6 photos, 3 to a subject, a practice trial and two checks. */
export function smallSettings(model: string, changes: Partial<StudySettings> = {}): StudySettings {
  return studySettingsSchema.parse({
    ...{ format: 1, ...studyDefaults, models: [model], tasks: ["colorize"], steps: "1" },
    ...{ pairs: 6, subjects: 4, trials: 3, practice: 1, checks: 2, failuresAllowed: 0, side: 16 },
    ...changes,
  });
}

/** A study with its model and photos beside it in `place`. */
export async function smallStudy(
  place: string,
  changes: Partial<StudySettings> = {},
): Promise<{ folder: string; study: Study; data: string[] }> {
  const settings = smallSettings(await savedModel(join(place, "model")), changes);
  const { pairs, practice, checks } = settings;
  const data = [await savedPhotos(join(place, "photos"), pairs + practice + checks)];
  const folder = join(place, "study");
  return { folder, data, study: await makeStudy(folder, settings, { data }) };
}

/** One who takes part without a page. */
export class Subject {
  readonly #url: string;
  readonly token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.token = token;
  }

  /** By the open link. */
  static async join(url: string): Promise<Subject> {
    const response = await fetch(`${url}${studyPaths.subjects}`, { method: "POST" });
    if (!response.ok) throw new Error(`not let in: ${response.status}`);
    const { token } = (await response.json()) as { token: string };
    return new Subject(url, token);
  }

  ask(path: string, method = "GET", body?: object): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  async session(): Promise<Session> {
    return (await this.ask(studyPaths.session)).json() as Promise<Session>;
  }

  async consent(): Promise<Session> {
    const response = await this.ask(studyPaths.consent, "POST", { language: "en" });
    return response.json() as Promise<Session>;
  }

  /** @throws unless the vote is acknowledged */
  async vote(name: string, side: Ballot["side"]): Promise<VoteAnswer> {
    const response = await this.ask(studyPaths.votes, "POST", ballot(name, side));
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return response.json() as Promise<VoteAnswer>;
  }
}

export function ballot(name: string, side: Ballot["side"]): Ballot {
  return { name, side, reaction: 900, shown: 3000, frames: 180, interrupted: false };
}
