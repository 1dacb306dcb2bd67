import { expect, it } from "vitest";
import {
  accept,
  addStep,
  type History,
  openHistory,
  restoreStep,
  shownPhoto,
  undo,
} from "./history.ts";
import { mapPhotos, newestSteps, withSteps } from "./kept-history.ts";

const frame = { left: 0, top: 0, width: 4, height: 3 };
const asked = { task: "colorize", options: {} } as const;

function answered(history: History<string>, ...answers: string[]): History<string> {
  return addStep(history, { asked, from: history.cursor.base, frame, answers });
}

/** Steps 0 to 3, each begun with the first answer of the one before. */
const long = answered(
  accept(answered(accept(answered(openHistory("photo", frame), "a", "b")), "c", "d")),
  "e",
);

it("keeps the photo, where one stands, and of the others the newest", () => {
  const kept = (history: History<string>, most: number) =>
    [...newestSteps(history, () => 1, most)].sort();
  expect(kept(long, 6)).toEqual([0, 1, 2, 3]);
  expect(kept(long, 5)).toEqual([0, 2, 3]);
  // There is no room, but the photo and the present step stay.
  expect(kept(long, 0)).toEqual([0, 2, 3]);
  expect(kept(restoreStep(long, 0), 4)).toEqual([0, 2, 3]);
  expect(kept(restoreStep(long, 0), 2)).toEqual([0, 3]);
});

it("leaves out the answers of other steps, and what stood on them", () => {
  const short = withSteps(long, new Set([0, 2, 3]));
  expect(short.steps.map(({ answers }) => answers)).toEqual([["photo"], [], ["c", "d"], ["e"]]);
  expect(shownPhoto(short)).toBe("e");
  expect(short.steps[2]?.from).toBeUndefined();
  expect(short.steps[3]?.from).toEqual({ step: 2, answer: 0 });
  expect(shownPhoto(restoreStep(short, 2))).toBe("c");
  // Undo goes back as far as there is something to stand on.
  expect([shownPhoto(undo(short)), shownPhoto(undo(undo(short)))]).toEqual(["c", "photo"]);
});

it("keeps everything else of a history whose photos are replaced", () => {
  const upper = mapPhotos(long, (photo) => photo.toUpperCase());
  expect(upper.steps[2]?.answers).toEqual(["C", "D"]);
  expect(mapPhotos(upper, (photo) => photo.toLowerCase())).toEqual(long);
});
