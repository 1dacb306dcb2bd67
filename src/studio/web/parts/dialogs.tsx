/** The windows over the page, one at a time. */
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { type KeyGroup, keyActions } from "../state/keys.ts";
import { formats } from "../state/settings.ts";
import { listedSteps } from "../state/steps-text.ts";
import { BatchDialog } from "./batch-dialog.tsx";
import { Button, Range, Segments, Switch } from "./controls.tsx";
import { DialogWindow } from "./dialog.tsx";
import { MachineDialog } from "./machine-dialog.tsx";

export function Dialogs() {
  const { dialog, extras } = useStudio();
  switch (dialog.value) {
    case "keys":
      return <KeysDialog />;
    case "save":
      return <SaveDialog />;
    case "history":
      return <HistoryDialog />;
    case "address":
      return <AddressDialog />;
    case "batch":
      return <BatchDialog />;
    case "machine":
      return extras.local === undefined ? null : <MachineDialog local={extras.local} />;
    case "teaching":
      return extras.teaching === undefined ? null : (
        <DialogWindow title={text.value.teaching.title} wide>
          <extras.teaching.Panel />
        </DialogWindow>
      );
    default:
      return null;
  }
}

const groups: readonly KeyGroup[] = ["photo", "ways", "view", "mask", "answers"];

function KeysDialog() {
  const t = text.value;
  return (
    <DialogWindow title={t.keys.title} wide>
      <div class="keys">
        {groups.map((group) => (
          <section key={group}>
            <h3>{t.keys.groups[group]}</h3>
            <dl>
              {keyActions
                .filter((action) => action.group === group)
                .map((action) => (
                  <div key={action.keys[0]}>
                    <dt>{action.label(t)}</dt>
                    <dd>
                      {action.keys.map((name) => (
                        <kbd key={name}>{keyName(name, t.keys.space)}</kbd>
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
      <p class="help">{t.keys.canvas}</p>
    </DialogWindow>
  );
}

function keyName(name: string, space: string): string {
  if (name === " ") return space;
  const mac = /Mac|iP/.test(navigator.platform);
  return name
    .replace("Mod+", mac ? "⌘ " : "Ctrl ")
    .replace("Shift+", "⇧ ")
    .replace("Delete", "Del")
    .replace("Backspace", "⌫")
    .replace("Escape", "Esc")
    .replace(/\b[a-z]$/, (letter) => letter.toUpperCase());
}

function SaveDialog() {
  const studio = useStudio();
  const t = text.value.save;
  const { format, quality, metadata } = studio.settings.value;
  const { editor } = studio;
  const count = editor.review.value?.answers.length ?? 0;
  const close = async (saving: Promise<boolean>) => {
    if (await saving) studio.dialog.value = undefined;
  };
  const inFolder =
    editor.opened.value?.folderPhoto !== undefined && editor.shown.value?.restored !== undefined;
  return (
    <DialogWindow title={t.title}>
      <div class="field">
        <Segments
          label={t.format}
          value={format}
          choices={formats.map((value) => ({ value, label: value.toUpperCase() }))}
          onChange={(value) => studio.setting({ format: value })}
        />
      </div>
      {format !== "png" && (
        <Range
          label={t.quality}
          value={quality}
          min={1}
          max={100}
          onChange={(value) => studio.setting({ quality: Math.round(value) })}
        />
      )}
      <Switch
        label={t.metadata}
        help={t.metadataHelp}
        checked={metadata}
        onChange={(checked) => studio.setting({ metadata: checked })}
      />
      <div class="dialog-actions">
        {count > 1 && (
          <Button label={t.all(count)} onClick={() => close(studio.exports.saveAll())} />
        )}
        {inFolder && (
          <Button label={t.folder} onClick={() => close(studio.exports.saveToFolder())} />
        )}
        <Button
          kind="primary"
          icon="save"
          label={t.file}
          onClick={() => close(studio.exports.save())}
        />
      </div>
    </DialogWindow>
  );
}

function HistoryDialog() {
  const studio = useStudio();
  const t = text.value.history;
  const history = studio.editor.history.value;
  if (history === undefined) return null;
  const present = history.cursor.review ?? history.cursor.base.step;
  return (
    <DialogWindow title={t.title}>
      <ol class="steps">
        {listedSteps(history, text.value).map(({ index, name, detail, thumbnail }) => (
          <li key={`${index}-${name}`}>
            <button
              type="button"
              aria-current={index === present ? "step" : undefined}
              onClick={() => {
                studio.restoreStep(index);
                studio.dialog.value = undefined;
              }}
            >
              <img src={thumbnail} alt="" />
              <span>
                <strong>{name}</strong>
                <small>{detail}</small>
              </span>
            </button>
          </li>
        ))}
      </ol>
      <p class="help">{t.help}</p>
    </DialogWindow>
  );
}

function AddressDialog() {
  const studio = useStudio();
  const t = text.value.open;
  return (
    <DialogWindow title={t.address}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const address = new FormData(event.currentTarget).get("address");
          if (typeof address === "string") void studio.openAddress(address);
        }}
      >
        <label class="field">
          <span>{t.addressField}</span>
          <input type="url" name="address" required placeholder="https://" />
        </label>
        <p class="help">{t.addressHelp}</p>
        <div class="dialog-actions">
          <button type="submit" class="button primary">
            {t.go}
          </button>
        </div>
      </form>
    </DialogWindow>
  );
}
