/** The page: on the studio's server, or, where it was built as a site, on workers of its own. */
import { StudioClient } from "../client/index.ts";
import { showStudio } from "./app.tsx";
import { HttpRestorer, serverFolder } from "./http-restorer.ts";

/** Set by the build; what is not used is not in the bundle. */
declare const BUILT_AS_SITE: boolean;

const root = document.querySelector<HTMLElement>("#studio");
if (root !== null) {
  if (BUILT_AS_SITE) {
    const { startHere } = await import("./local/start.ts");
    startHere(root);
  } else {
    const client = new StudioClient();
    showStudio(root, new HttpRestorer(client), { folder: serverFolder(client) });
  }
}
