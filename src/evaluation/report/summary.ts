/** What was measured and how: the report's head, in words. */

import { counted, quantity } from "../../util/format.ts";
import { mostResampled } from "../metrics/fid-resampler.ts";
import { intervalDeviations } from "./columns.ts";
import type { NetworkInfo, Report } from "./report.ts";

export interface Fact {
  readonly name: string;
  readonly text: string;
}

/** The settings, one fact a line. */
export function facts({ settings: s, reference, networks }: Report): Fact[] {
  const scale =
    s.cropScale === "own..full" ? " and scales, from a photo's own pixels to all of it" : "";
  const where = s.crop === "random" ? `at random places${scale}` : "of the largest centered square";
  const samples = `${quantity(s.samples, "sample")} an input`;
  return [
    { name: "Photos", text: `${quantity(s.photos, "photo")} in ${s.data} (${s.holdOut})` },
    {
      name: "Crops",
      text: `N = ${quantity(s.crops, "crop")} ${where}, ${s.resolution}x${s.resolution} pixels, seed ${s.seed}`,
    },
    { name: "Samples", text: `${samples}; sampler and steps: ${s.sampling.join(", ") || "none"}` },
    {
      name: "FID and KID reference",
      text: `${quantity(reference.count, "picture")}: ${reference.what}`,
    },
    {
      name: "Features (FID, KID, PD, IS)",
      text: networks.features ? networkText(networks.features) : "none",
    },
    {
      name: "Classifier (CA)",
      text: networks.classifier ? networkText(networks.classifier) : "none",
    },
    {
      name: "Preparation",
      text:
        "Every picture, original or restored, is rounded to 8 bits, kept without a lossy save, " +
        "and brought to a network's input in the same way: whole for features, its middle for the classifier",
    },
    {
      name: "Intervals",
      text:
        s.replicates > 0
          ? `± is ${intervalDeviations} standard deviations (95 %) of ${s.replicates} bootstrap replicates; ` +
            "photos are drawn, each with all its crops, as the crops of one photo are not independent" +
            (s.crops > mostResampled ? `; FID has none above ${counted(mostResampled)} crops` : "")
          : "none; no bootstrap was made",
    },
  ];
}

/** How to read the numbers; the first paragraph is on how FID here differs from published ones. */
export function caveats({ settings, networks, reference }: Report): string[] {
  const { features } = networks;
  const said: string[] = [];
  if (features !== undefined) {
    const googlenet = /^googlenet/i.test(features.name);
    const what = googlenet ? `${features.title} (pool5, 1024 numbers)` : features.title;
    said.push(
      `FID here is not the FID of publications. Its features are those of ${what}, not the 2048 of ` +
        `Inception-v3; the pictures have ${settings.resolution}x${settings.resolution} pixels and are ` +
        `enlarged for the network; and with N = ${settings.crops} against a reference of ` +
        `${counted(reference.count)} it is biased upward, which the intervals do not cover. Compare the rows of ` +
        "one table, and reports of the same data, N, networks and resolution; KID, over pairs of different " +
        "photos, has no such bias.",
    );
  }
  said.push(
    "Bold marks the best value of the models (Regression and Palette rows), whether or not the " +
      "intervals overlap. Low diversity may be right and high diversity wrong: it is not ranked.",
  );
  return said;
}

/** The models, a line each: columns and cells. */
export function modelRows(report: Report): { headings: string[]; rows: string[][] } {
  const headings = ["Model", "Kind", "Parameters", "Images seen", "Tasks", "SHA-256"];
  const rows = report.models.map((model) => [
    model.name,
    model.regression ? "Regression" : "Palette",
    counted(model.parameters),
    model.images === undefined ? "–" : counted(model.images),
    model.tasks.join(", "),
    shortDigest(model.digest),
  ]);
  return { headings, rows };
}

export function pageTitle(report: Report): string {
  const shown = report.models.filter((model) => !model.regression);
  const every = (shown.length > 0 ? shown : report.models).map((model) => model.name);
  const names = [...new Set(every)].join(", ");
  return names === "" ? "Evaluation" : `Evaluation of ${names}`;
}

function networkText({ name, title, digest, input, license }: NetworkInfo): string {
  const terms = license === undefined ? "" : `, license ${license}`;
  return `${title} (${name}), input ${input}, SHA-256 ${shortDigest(digest)}${terms}`;
}

/** Enough of a digest to tell two files apart; all of it is in report.json. */
function shortDigest(digest: string): string {
  return digest.length > 16 ? `${digest.slice(0, 16)}…` : digest;
}
