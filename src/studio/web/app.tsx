/** The page, on any restorer. */
import { effect } from "@preact/signals";
import { render } from "preact";
import { StudioContext, useStudio } from "./context.ts";
import { browserLanguage, language, text } from "./i18n/index.ts";
import { Panel } from "./panels/panel.tsx";
import { Answers } from "./parts/answers.tsx";
import { Comparing } from "./parts/comparing.tsx";
import { Dialogs } from "./parts/dialogs.tsx";
import { FileIntake } from "./parts/file-intake.tsx";
import { FolderStrip } from "./parts/folder-strip.tsx";
import { NoticeList } from "./parts/notice-list.tsx";
import { TopBar } from "./parts/top-bar.tsx";
import { WayRail } from "./parts/way-rail.tsx";
import { Welcome } from "./parts/welcome.tsx";
import { ZoomBar } from "./parts/zoom-bar.tsx";
import type { Restorer } from "./restorer.ts";
import { listenToKeys } from "./state/keys.ts";
import { Studio, type StudioExtras } from "./state/studio.ts";
import { Stage } from "./view/stage.tsx";

/** Shows the page in `root`. */
export function showStudio(
  root: HTMLElement,
  restorer: Restorer,
  extras: StudioExtras = {},
): Studio {
  const studio = new Studio(restorer, extras);
  effect(() => {
    const { theme, language: chosen } = studio.settings.value;
    document.documentElement.dataset.theme = theme ?? "";
    language.value = chosen ?? browserLanguage(navigator.languages);
    document.documentElement.lang = language.value;
    document.title = text.value.title;
  });
  listenToKeys(studio);
  render(
    <StudioContext.Provider value={studio}>
      <App />
    </StudioContext.Provider>,
    root,
  );
  void studio.start();
  return studio;
}

function App() {
  const { editor, home } = useStudio();
  const atHome = home.value || editor.base.value === undefined;
  return (
    <>
      <TopBar />
      {atHome ? <Welcome /> : <Workbench />}
      <Dialogs />
      <NoticeList />
      <FileIntake />
    </>
  );
}

function Workbench() {
  return (
    <main class="workbench">
      <WayRail />
      <div class="desk">
        <div class="view">
          <Stage />
          <Comparing />
          <ZoomBar />
        </div>
        <Answers />
        <FolderStrip />
      </div>
      <Panel />
    </main>
  );
}
