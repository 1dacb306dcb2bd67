/** The page that the studio's server serves. */
import { StudioClient } from "../client/index.ts";
import { showStudio } from "./app.tsx";
import { HttpRestorer, serverFolder } from "./http-restorer.ts";

const root = document.querySelector<HTMLElement>("#studio");
if (root !== null) {
  const client = new StudioClient();
  showStudio(root, new HttpRestorer(client), serverFolder(client));
}
