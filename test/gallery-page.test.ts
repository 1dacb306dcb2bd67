import { expect, it } from "vitest";
import { galleryPage } from "../scripts/demo/gallery-page.ts";
import { randomModel } from "./random-model.ts";

it("the gallery counts the images of all trainings of a model", () => {
  const from = { name: "first", digest: "0", images: 1000, photos: [] };
  const { config: model } = randomModel({ training: { images: 234, from } });
  const page = galleryPage({ model, columns: [], rows: [], pictures: [] });
  expect(page).toContain("trained on 1,234 images");
});
