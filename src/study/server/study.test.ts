import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { palette } from "../../../test/support/command.ts";
import {
  ballot,
  Subject,
  savedPhotos,
  smallSettings,
  smallStudy,
} from "../../../test/support/study.ts";
import { temporaryFiles } from "../../../test/support/temporary-files.ts";
import { makeStudy, openStudy } from "../../node/study.ts";
import { studyPaths } from "../api.ts";
import type { Side } from "../design.ts";
import type { Study } from "../settings.ts";
import { type StudyServer, startStudyServer } from "./server.ts";
import { StudyStore } from "./store.ts";

const { at } = temporaryFiles("");
let study: Study;
let folder: string;
let data: string[];
let server: StudyServer;

beforeAll(async () => {
  ({ study, folder, data } = await smallStudy(at(""), { inputSeconds: 0.5 }));
  await mkdir(at("page"));
  await writeFile(at("page/index.html"), "<p>the page</p>");
  server = await startStudyServer({
    folder,
    study,
    port: 0,
    page: at("page"),
    open: true,
    links: 2,
  });
});
afterAll(() => server?.stop());

/** Answers all trials; `choose` sees the trial's sheet and its number. */
async function takePart(
  subject: Subject,
  choose: (name: string, k: number) => Side | Promise<Side>,
) {
  let session = await subject.consent();
  for (let k = session.done; session.next[0] !== undefined; k++) {
    const { name } = session.next[0];
    ({ session } = await subject.vote(name, await choose(name, k)));
  }
  return session;
}

/** Where the camera's picture is, as only the votes' file says. */
function truthOf({ token }: Subject, name: string): Side {
  const store = new StudyStore(join(folder, "votes.db"), study);
  try {
    return store.coming(token, name).truth;
  } finally {
    store.close();
  }
}

describe("making a study", () => {
  it("keeps what is made: the same settings find it, others are refused", async () => {
    const before = await readdir(join(folder, "sheets"));
    expect(before).toHaveLength(2 * (6 + 1 + 2));
    const again = await makeStudy(folder, study.settings, { data });
    expect(again).toEqual(study);
    expect(await openStudy(folder)).toEqual(study);
    const other = { ...study.settings, seconds: 5 };
    await expect(makeStudy(folder, other, { data })).rejects.toThrow(
      /another study \(seconds.*give the same settings/,
    );
  });

  it("goes on with one that was stopped, to the same study", async () => {
    const controller = new AbortController();
    const options = { data, signal: controller.signal };
    const stopping = makeStudy(at("stopped"), study.settings, {
      ...options,
      onProgress: ({ stage, done }) => {
        if (stage === "sheets" && done === 2) controller.abort(new Error("stopped"));
      },
    });
    await expect(stopping).rejects.toThrow("stopped");
    await expect(openStudy(at("stopped"))).rejects.toThrow(/not all made/);
    expect(await makeStudy(at("stopped"), study.settings, { data })).toEqual(study);
  });

  it("refuses too few photos and one photo twice", async () => {
    const settings = smallSettings(at("model"), { pairs: 20 });
    await expect(makeStudy(at("more"), settings, { data })).rejects.toThrow(
      /takes 23 photos \(20 pairs, 1 for practice, 2 checks\), and 9 can be used/,
    );
    await expect(makeStudy(at("never"), { ...settings, trials: 21 }, { data })).rejects.toThrow(
      /no photo twice: 21 of 20/,
    );
    const photos = await savedPhotos(at("twice"), 8);
    await writeFile(join(photos, "copy.png"), await readFile(join(photos, "photo-3.png")));
    await expect(
      makeStudy(at("doubles"), smallSettings(at("model")), { data: [photos] }),
    ).rejects.toThrow(/are one photo; remove one/);
  });
});

describe("taking part", () => {
  it("leads through practice, pairs and checks to a completion code", async () => {
    const subject = await Subject.join(server.url);
    expect(await subject.session()).toEqual({ consented: false, done: 0, total: 6, next: [] });
    const first = await subject.consent();
    expect(first.next.map(({ practice }) => practice)).toEqual([true, false, false]);
    const practised = await subject.vote(first.next[0]!.name, "left");
    expect(["left", "right"]).toContain(practised.truth);
    const real = await subject.vote(practised.session.next[0]!.name, "left");
    expect(real).not.toHaveProperty("truth");
    // Who comes back goes on where they were.
    expect(await new Subject(server.url, subject.token).session()).toEqual(real.session);
    const end = await takePart(subject, () => "right");
    expect(end).toEqual({
      ...{ consented: true, done: 6, total: 6, next: [] },
      code: expect.stringMatching(/^[A-Z2-9]{10}$/),
    });
  });

  it("counts the first of two votes on a trial, also of two at once", async () => {
    const subject = await Subject.join(server.url);
    const { next } = await subject.consent();
    const name = next[0]!.name;
    const [one, two] = await Promise.all([subject.vote(name, "left"), subject.vote(name, "right")]);
    expect([one.session.done, two.session.done]).toEqual([1, 1]);
    const kept = await (await subject.ask(studyPaths.subject)).json();
    expect(kept).toMatchObject({ votes: [{ position: 0 }] });
    const late = await subject.ask(studyPaths.votes, "POST", ballot(next[2]!.name, "left"));
    expect(late.status).toBe(409);
    const foreign = await Subject.join(server.url);
    await foreign.consent();
    expect((await foreign.ask(studyPaths.votes, "POST", ballot(name, "left"))).status).toBe(404);
  });

  it("asks for equally many votes on all pairs, and anew for those that will not count", () => {
    const store = new StudyStore(at("even.db"), study);
    const opposite = { left: "right", right: "left" } as const;
    const vote = (fails: boolean) => {
      const token = store.join();
      for (let { next } = store.consent(token); next[0]; { next } = store.session(token)) {
        const { name } = next[0];
        const { truth } = store.coming(token, name);
        store.vote(token, ballot(name, fails ? opposite[truth] : truth));
      }
    };
    for (const fails of [true, false, false, true, false, false]) vote(fails);
    const { votes } = store.everything();
    store.close();
    const good = votes.filter(({ kind, side, truth }) => kind === "pair" && side === truth);
    const counts = [0, 1, 2, 3, 4, 5].map(
      (pair) => good.filter(({ item }) => item === pair).length,
    );
    expect(counts).toEqual([2, 2, 2, 2, 2, 2]);
  });

  it("lets in by personal links, and nobody without where they alone are asked for", async () => {
    expect(server.links).toHaveLength(2);
    const token = new URL(server.links[0]!).hash.slice(1);
    expect((await new Subject(server.url, token).consent()).done).toBe(0);
    const store = new StudyStore(join(folder, "votes.db"), study);
    expect(store.links(2)).toContain(token);
    store.close();
    expect((await new Subject(server.url, "somebody").ask(studyPaths.session)).status).toBe(401);
    const closed = await startStudyServer({ folder, study, port: 0, page: at("page"), links: 1 });
    await expect(Subject.join(closed.url)).rejects.toThrow("403");
    await closed.stop();
  });

  it("is served below a path, by a proxy that passes it on or takes it off", async () => {
    const publicUrl = "https://example.org/a/study";
    const own = { folder, study, page: at("page"), publicUrl, links: 1 };
    const behind = await startStudyServer({ ...own, port: 0 });
    expect(behind.url).toBe("https://example.org/a/study/");
    expect(behind.links[0]).toMatch(/^https:\/\/example\.org\/a\/study\/#[\w-]+$/);
    const status = (path: string, host = "example.org") =>
      new Promise<number | undefined>((resolve, reject) => {
        get(`${behind.address}${path}`, { headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).on("error", reject);
      });
    expect(await status("/a/study")).toBe(308);
    for (const base of ["/a/study/", "/"]) {
      expect(await status(base)).toBe(200);
      expect(await status(`${base}${studyPaths.study}`)).toBe(200);
      expect(await status(`${base}pairs.json`)).toBe(404);
      expect(await status(base, "elsewhere.org")).toBe(403);
    }
    await behind.stop();
  });

  it("gives out and deletes what it keeps of a subject", async () => {
    const subject = await Subject.join(server.url);
    await subject.consent();
    const { code } = await takePart(subject, () => "left");
    const kept = await palette("study", "subject", folder, code!);
    expect(JSON.parse(kept.stdout)).toMatchObject({ code, language: "en", votes: { length: 6 } });
    expect(kept.stdout).not.toMatch(/truth|item|kind/);
    expect((await subject.ask(studyPaths.subject, "DELETE")).status).toBe(204);
    expect((await subject.ask(studyPaths.session)).status).toBe(401);
    const { code: exit, stderr } = await palette("study", "subject", folder, code!);
    expect([exit, stderr]).toEqual([1, expect.stringMatching(/no subject.*completion code/)]);
    for (const file of await readdir(folder)) {
      if (!file.startsWith("votes.db")) continue;
      expect((await readFile(join(folder, file))).includes(subject.token)).toBe(false);
    }
  });
});

describe("a cheat", () => {
  it("finds the camera's picture in no name, header, length or order", async () => {
    const lengths = new Set<string>();
    const headers = new Set<string>();
    const names = new Set<string>();
    const truths: string[] = [];
    for (let k = 0; k < 3; k++) {
      const subject = await Subject.join(server.url);
      await subject.consent();
      await takePart(subject, async (name) => {
        const response = await subject.ask(studyPaths.sheet(name));
        const file = Buffer.from(await response.arrayBuffer());
        lengths.add(`${file.length} ${response.headers.get("content-length")}`);
        headers.add([...response.headers].filter(([key]) => key !== "date").join("; "));
        expect(name).toMatch(/^[\w-]{24}$/);
        expect(names.has(name)).toBe(false);
        names.add(name);
        truths.push(truthOf(subject, name));
        // One picture file holds both, and what was degraded.
        expect(file.readUInt32BE(16)).toBe(3 * study.made.side);
        return "left" as const;
      });
    }
    expect(lengths.size).toBe(1);
    expect(headers.size).toBe(1);
    expect([...headers].join()).not.toMatch(/etag|last-modified|digest/i);
    expect(new Set(truths).size).toBe(2);
  });

  it("gets a picture under its own name only, and not again once it was voted on", async () => {
    const subject = await Subject.join(server.url);
    const { next } = await subject.consent();
    const status = async (path: string, who = subject) => (await who.ask(path)).status;
    const { pairs } = study.made;
    for (const path of [
      studyPaths.sheet(pairs[0]!.left),
      `${studyPaths.sheet(pairs[0]!.left)}.png`,
      `sheets/${pairs[0]!.left}.png`,
      studyPaths.sheet("..%2f..%2fpairs.json"),
      "pairs.json",
      "study.json",
      "votes.db",
      studyPaths.sheet(`${next[0]!.name}?truth`.replace("?", "%3f")),
    ]) {
      expect([path, await status(path)]).toEqual([path, 404]);
    }
    const other = await Subject.join(server.url);
    await other.consent();
    expect(await status(studyPaths.sheet(next[0]!.name), other)).toBe(404);
    expect((await fetch(`${server.url}${studyPaths.sheet(next[0]!.name)}`)).status).toBe(401);
    expect(await status(studyPaths.sheet(next[0]!.name))).toBe(200);
    expect(await status(studyPaths.sheet(`${next[0]!.name}?side=left`))).toBe(200);
    await subject.vote(next[0]!.name, "left");
    expect(await status(studyPaths.sheet(next[0]!.name))).toBe(404);
  });

  it("sends the same bytes but for random ones each time, without data about the file", async () => {
    const subject = await Subject.join(server.url);
    const { next } = await subject.consent();
    const get = async () =>
      Buffer.from(await (await subject.ask(studyPaths.sheet(next[0]!.name))).arrayBuffer());
    const [one, two] = [await get(), await get()];
    const chunks = (file: Buffer) => {
      const found: string[] = [];
      for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
        found.push(file.toString("latin1", at + 4, at + 8));
      }
      return [...new Set(found)];
    };
    for (const file of [one, two])
      expect(chunks(file)).toEqual(["IHDR", "pHYs", "IDAT", "paDd", "IEND"]);
    const { sharp } = await import("../../node/sharp.ts");
    const pixels = (file: Buffer) => sharp(file).raw().toBuffer();
    expect(await pixels(one)).toEqual(await pixels(two));
  });
});

describe("the report", () => {
  it("counts fool rates of those who passed the checks, and writes page, JSON and CSV", async () => {
    const place = at("reported");
    const made = await smallStudy(place);
    const page = { page: at("page") };
    const own = await startStudyServer({ ...made, ...page, port: 0 });
    const before = [folder, study] as const;
    [folder, study] = [made.folder, made.study];
    const opposite = { left: "right", right: "left" } as const;
    try {
      // Two who always find the camera's picture, one who never does, and so fails the checks, and
      // one who leaves.
      for (let k = 0; k < 3; k++) {
        const subject = await Subject.join(own.url);
        await takePart(subject, (name) => {
          const truth = truthOf(subject, name);
          return k < 2 ? truth : opposite[truth];
        });
      }
      await (await Subject.join(own.url)).consent();
    } finally {
      [folder, study] = before;
      await own.stop();
    }
    const { code, stdout } = await palette("study", "report", made.folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Colorization: Palette \(.*\) +\| +0\.0 +\|.*\| +6 +\|/);
    expect(stdout).toContain("2 subjects counted, 1 failed the checks, 1 did not finish");
    const report = JSON.parse(await readFile(join(made.folder, "report.json"), "utf8"));
    expect(report.cells).toMatchObject([{ votes: 6, fooled: 0, rate: 0 }]);
    const csv = (await readFile(join(made.folder, "votes.csv"), "utf8")).trim().split("\r\n");
    expect(csv).toHaveLength(1 + 3 * 6);
    expect(csv[0]).toMatch(/^subject,counted,position,kind,item,photo/);
    const html = await readFile(join(made.folder, "report.html"), "utf8");
    expect(html).toMatch(/another data set.*not comparable/);
    expect(html).toContain("47.8");
    expect(html).toContain("by a rule fixed before the study");
  });
});
