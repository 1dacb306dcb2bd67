/** The page on workers of its own: the site. */
import { showStudio } from "../app.tsx";
import { teachingHere } from "../train/teaching-here.tsx";
import { LocalRestorer } from "./local-restorer.ts";
import { LocalStudio } from "./local-studio.ts";
import { registerServiceWorker } from "./offline.ts";
import { WorkThread } from "./work-thread.ts";

export function startHere(root: HTMLElement): void {
  registerServiceWorker();
  const local = new LocalStudio(new WorkThread());
  showStudio(root, new LocalRestorer(local), { local, teaching: teachingHere(local) });
}
