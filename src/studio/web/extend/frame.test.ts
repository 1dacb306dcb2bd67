import { expect, it } from "vitest";
import {
  frameBox,
  marginsForRatio,
  marginsForSide,
  noMargins,
  panoramaFrame,
  withMargin,
} from "./frame.ts";

const photo = { width: 400, height: 300 };

it("keeps margins whole and within the photo's own size", () => {
  expect(withMargin(photo, noMargins, "left", 12.6).left).toBe(13);
  expect(withMargin(photo, noMargins, "top", 999).top).toBe(300);
  expect(withMargin(photo, noMargins, "right", -5).right).toBe(0);
});

it("grows to a ratio by the least, the same at both ends", () => {
  expect(marginsForRatio(photo, 16 / 9)).toEqual({ left: 66, right: 67, top: 0, bottom: 0 });
  expect(marginsForRatio(photo, 1)).toEqual({ left: 0, right: 0, top: 50, bottom: 50 });
});

it("grows one side, or all of them", () => {
  expect(marginsForSide(photo, "bottom", 0.5)).toEqual({ ...noMargins, bottom: 150 });
  expect(marginsForSide(photo, "all", 0.5)).toEqual({ left: 100, right: 100, top: 75, bottom: 75 });
});

it("frames the grown picture in the photo's coordinates", () => {
  expect(frameBox(photo, { left: 10, right: 20, top: 0, bottom: 5 })).toEqual({
    left: -10,
    top: 0,
    width: 430,
    height: 305,
  });
});

it("lays a panorama over its photo: half windows, the odd one at the right", () => {
  const small = { width: 128, height: 64 };
  // Of the network's height: 64 rows; three half windows more than the photo's 85 columns.
  const whole = { width: 85 + 3 * 32, height: 64 };
  const box = panoramaFrame(photo, whole);
  expect(box).toEqual({ left: -150, top: 0, width: (181 * 300) / 64, height: 300 });
  expect(panoramaFrame(photo, small, whole)).toEqual({ left: 0, top: 0, width: 600, height: 300 });
  // Of a tall photo half windows are half as wide as it: 64 and two times 32 columns.
  const tall = { width: 300, height: 600 };
  const grown = panoramaFrame(tall, { width: 128, height: 128 });
  expect(grown).toEqual({ left: -150, top: 0, width: 600, height: 600 });
});
