/** The page of a study. */
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { browserLanguage, language } from "../../studio/web/i18n/index.ts";
import type { StudyClient } from "./client.ts";
import { text, words } from "./i18n/index.ts";
import { OwnData } from "./own-data.tsx";
import { Consent, Done, Message, Ready } from "./reading.tsx";
import { TakingPart } from "./taking-part.ts";
import { Trial } from "./trial.tsx";

/** Shows the study in `root`. */
export function showStudy(root: HTMLElement, client: StudyClient): void {
  language.value = browserLanguage(navigator.languages);
  const part = signal<TakingPart | undefined>(undefined);
  const failed = signal(false);
  effect(() => {
    document.documentElement.lang = language.value;
    document.title = part.value?.info.title ?? text.value.question;
  });
  const fail = (error: unknown) => {
    console.error(error);
    failed.value = true;
  };
  globalThis.addEventListener("unhandledrejection", ({ reason }) => fail(reason));
  const App = () =>
    failed.value ? (
      <main class="reading">
        <Message>{text.value.failed}</Message>
      </main>
    ) : part.value === undefined ? (
      <main class="reading">
        <Message>{text.value.loading}</Message>
      </main>
    ) : (
      <Study part={part.value} />
    );
  render(<App />, root);
  client
    .study()
    .then((info) => {
      part.value = new TakingPart(client, info);
      return part.value.begin();
    })
    .catch(fail);
}

function Study({ part }: { part: TakingPart }) {
  const phase = part.phase.value;
  const t = text.value;
  const isTrial = phase.at === "trial" || phase.at === "feedback";
  return (
    <>
      {isTrial ? <Trial part={part} /> : <Reading part={part} />}
      {part.offline.value && (
        <p class="offline" role="status">
          {t.offline}
        </p>
      )}
    </>
  );
}

function Reading({ part }: { part: TakingPart }) {
  const phase = part.phase.value;
  const t = text.value;
  return (
    <main class="reading">
      <header>
        <span>{part.info.title}</span>
        <label>
          <span class="hidden">{t.language}</span>
          <select
            value={language.value}
            onChange={({ currentTarget }) => {
              language.value = currentTarget.value;
            }}
          >
            {Object.entries(words).map(([tag, { languageName }]) => (
              <option key={tag} value={tag}>
                {languageName}
              </option>
            ))}
          </select>
        </label>
      </header>
      {phase.at === "consent" && <Consent part={part} />}
      {phase.at === "ready" && <Ready part={part} before={phase.before} />}
      {phase.at === "done" && <Done code={phase.code} />}
      {phase.at === "loading" && <Message>{t.loading}</Message>}
      {phase.at === "invitation" && <Message>{t.invitation}</Message>}
      {phase.at === "full" && <Message>{t.full}</Message>}
      {phase.at === "unknown" && <Message>{t.unknown}</Message>}
      {phase.at === "deleted" && <Message>{t.own.deleted}</Message>}
      {(phase.at === "ready" || phase.at === "done") && <OwnData part={part} />}
    </main>
  );
}
