/** The page before a photo is open. */
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { Button } from "./controls.tsx";
import { FolderStrip } from "./folder-strip.tsx";
import { Icon } from "./icons.tsx";
import { openSample, samples } from "./samples.ts";

export function Welcome() {
  const studio = useStudio();
  const t = text.value;
  // A site asks no other one: its page cannot fetch a picture from an address.
  const { local } = studio.extras;
  const opened = studio.editor.opened.value;
  return (
    <main class="welcome">
      <div class="welcome-inner">
        <h2>{t.open.title}</h2>
        <p class="lead">{t.open.lead}</p>
        <button type="button" class="drop-zone" onClick={() => studio.chooseFile()}>
          <Icon name="open" />
          <strong>{studio.opening.value ? t.open.reading : t.open.drop}</strong>
          <span>{t.open.dropHelp}</span>
        </button>
        <div class="welcome-actions">
          <Button
            kind="primary"
            icon="open"
            label={t.open.choose}
            keys="O"
            onClick={() => studio.chooseFile()}
          />
          {local === undefined && (
            <Button
              icon="link"
              label={t.open.address}
              onClick={() => {
                studio.dialog.value = "address";
              }}
            />
          )}
          {opened !== undefined && (
            <Button
              icon="undo"
              label={t.open.back(opened.name)}
              onClick={() => {
                studio.home.value = false;
              }}
            />
          )}
        </div>
        <FolderStrip />
        <h3>{t.open.samples}</h3>
        <ul class="samples">
          {samples.map((sample) => (
            <li key={sample.way}>
              <button
                type="button"
                class={`sample ${sample.way}`}
                onClick={() => void openSample(studio, sample)}
              >
                <img src={sample.address} alt="" />
                <span>{t.samples[sample.way]}</span>
              </button>
            </li>
          ))}
        </ul>
        <p class="help">{local === undefined ? t.open.privacy : t.open.privacyHere}</p>
      </div>
    </main>
  );
}
