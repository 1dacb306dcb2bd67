/** The study's server, asked in the name of a subject. */
import { type Ballot, type Session, type StudyInfo, studyPaths, type VoteAnswer } from "../api.ts";

/** The server refused; another try would be refused, too. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;

  constructor(status: number) {
    super(`refused: ${status}`);
    this.status = status;
  }
}

/** Waits before further tries, in milliseconds; the last one again and again. */
const waits = [300, 1000, 3000];

export class StudyClient {
  readonly #url: string;
  /** The word of the subject's link. */
  token: string | undefined;
  /** Told whether the server is out of reach. */
  onReach: (reached: boolean) => void = () => {};

  /** @param url of the page, with a slash at its end */
  constructor(url: string) {
    this.#url = url;
  }

  study(): Promise<StudyInfo> {
    return this.#json("GET", studyPaths.study);
  }

  /** Takes part by the open link. */
  async join(): Promise<string> {
    const { token } = await this.#json<{ token: string }>("POST", studyPaths.subjects);
    return token;
  }

  session(): Promise<Session> {
    return this.#json("GET", studyPaths.session);
  }

  consent(language: string): Promise<Session> {
    return this.#json("POST", studyPaths.consent, { language });
  }

  /** Resolves when the vote is on the server's disk; tries until then. */
  vote(ballot: Ballot): Promise<VoteAnswer> {
    return this.#json("POST", studyPaths.votes, ballot);
  }

  async sheet(name: string): Promise<ImageBitmap> {
    const response = await this.#ask("GET", studyPaths.sheet(name));
    return createImageBitmap(await response.blob());
  }

  /** All that is kept of the subject. */
  async kept(): Promise<Blob> {
    return (await this.#ask("GET", studyPaths.subject)).blob();
  }

  async delete(): Promise<void> {
    await this.#ask("DELETE", studyPaths.subject);
  }

  async #json<T>(method: string, path: string, body?: object): Promise<T> {
    return (await this.#ask(method, path, body)).json() as Promise<T>;
  }

  /** Asks until there is an answer: a vote is voted once however often it is sent. */
  async #ask(method: string, path: string, body?: object): Promise<Response> {
    for (let attempt = 0; ; attempt++) {
      const response = await fetch(`${this.#url}${path}`, {
        method,
        headers: {
          ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
          ...(body && { "content-type": "application/json" }),
        },
        ...(body && { body: JSON.stringify(body) }),
      }).catch(() => undefined);
      this.onReach(response !== undefined && response.status < 500);
      if (response?.ok) return response;
      if (response !== undefined && response.status < 500) throw new Refused(response.status);
      const wait = waits[Math.min(attempt, waits.length - 1)];
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
