import { describe, expect, it } from "vitest";
import {
  accept,
  addAnswers,
  addStep,
  basePhoto,
  type History,
  openHistory,
  redo,
  restoreStep,
  reviewed,
  show,
  showNext,
  shownPhoto,
  undo,
} from "./history.ts";

const frame = { left: 0, top: 0, width: 4, height: 3 };
const asked = { task: "colorize", options: {} } as const;

function answered(history: History<string>, ...answers: string[]): History<string> {
  return addStep(history, { asked, from: history.cursor.base, frame, answers });
}

const opened = openHistory("photo", frame);

describe("history", () => {
  it("shows the first answer and works on what it began with until an answer is taken", () => {
    const history = answered(opened, "a", "b");
    expect(shownPhoto(history)).toBe("a");
    expect(basePhoto(history)).toBe("photo");
    const taken = accept(show(history, 1));
    expect(basePhoto(taken)).toBe("b");
    expect(reviewed(taken)).toBeUndefined();
  });

  it("adds answers to their step, wherever one stands by then", () => {
    const two = answered(accept(answered(opened, "a")), "c");
    const more = addAnswers(two, 1, ["b"]);
    expect(reviewed(more)?.answers).toEqual(["a", "b"]);
    expect(shownPhoto(more)).toBe("b");
    expect(basePhoto(more)).toBe("photo");
  });

  it("walks around through the answers and what they began with", () => {
    let history = answered(opened, "a", "b");
    const seen = [1, 2, 3].map(() => {
      history = showNext(history, 1);
      return shownPhoto(history);
    });
    expect(seen).toEqual(["b", "photo", "a"]);
    expect(shownPhoto(showNext(history, -1))).toBe("photo");
  });

  it("restores any step and loses none", () => {
    const far = answered(accept(answered(opened, "a", "b")), "c");
    const back = restoreStep(far, 0);
    expect(shownPhoto(back)).toBe("photo");
    const branch = answered(back, "d");
    expect(branch.steps.map(({ answers }) => answers)).toEqual([
      ["photo"],
      ["a", "b"],
      ["c"],
      ["d"],
    ]);
    const again = restoreStep(branch, 2);
    expect([shownPhoto(again), basePhoto(again)]).toEqual(["c", "a"]);
  });

  it("undoes and redoes where one stood", () => {
    const history = accept(answered(opened, "a"));
    const undone = undo(undo(history));
    expect(shownPhoto(undone)).toBe("photo");
    expect(undo(undone)).toBe(undone);
    expect(basePhoto(redo(redo(undone)))).toBe("a");
  });
});
