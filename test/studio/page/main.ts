/** The studio's page on a restorer that needs no model. */
import { showStudio } from "../../../src/studio/web/app.tsx";
import { FakeRestorer } from "./fake-restorer.ts";

const query = new URLSearchParams(location.search);
const restorer = new FakeRestorer(Number(query.get("pause") ?? 1));
const root = document.querySelector<HTMLElement>("#studio");
if (root !== null) {
  Object.assign(globalThis, { restorer, studio: showStudio(root, restorer) });
}
