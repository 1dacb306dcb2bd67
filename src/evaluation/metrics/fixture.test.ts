import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { frechetDistance } from "./fid.ts";
import { inceptionScore } from "./inception-score.ts";
import { kernelDistance } from "./kid.ts";
import { perceptualDistance } from "./perceptual.ts";
import { psnr } from "./psnr.ts";
import { ssim } from "./ssim.ts";

const file = (name: string) =>
  readFileSync(new URL(`../../../test/fixtures/metrics/${name}`, import.meta.url));
const floats = (name: string) => new Float32Array(new Uint8Array(file(name)).buffer);
const { reference } = JSON.parse(file("fixture.json").toString()) as {
  reference: Record<string, number>;
};

/** The reference whose name begins so, and the value within 1e-6 of it. */
function expectReference(name: string, value: number): void {
  const key = Object.keys(reference).find((key) => key.startsWith(name));
  const expected = reference[key ?? ""];
  if (expected === undefined) throw new Error(`the fixture has no ${name}`);
  expect(Math.abs(value / expected - 1)).toBeLessThan(1e-6);
}

describe("the references of SciPy and scikit-image", () => {
  const a = floats("features_a.f32");
  const b = floats("features_b.f32");
  const one = new Uint8Array(file("image_a.u8"));
  const other = new Uint8Array(file("image_b.u8"));
  const size = { width: 64, height: 64 };

  it("FID", () => expectReference("fid", frechetDistance(a, b, 64)));
  it("KID", () => expectReference("kid", kernelDistance(a, b, 64)));
  it("IS", () => expectReference("inception", inceptionScore(floats("probabilities.f32"), 50)));
  it("PD", () => expectReference("pd", perceptualDistance(a, b.subarray(0, a.length), 64)));
  it("SSIM", () => expectReference("ssim", ssim(one, other, size)));
  it("PSNR", () => expectReference("psnr", psnr(one, other, size)));
});
