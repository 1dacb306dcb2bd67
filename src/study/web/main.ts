/** The page that a study's server serves. */
import { showStudy } from "./app.tsx";
import { StudyClient } from "./client.ts";

const root = document.querySelector<HTMLElement>("#study");
if (root !== null) showStudy(root, new StudyClient(new URL(".", location.href).href));
