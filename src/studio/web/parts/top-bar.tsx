/** The bar above: opening, undo, steps, comparing, saving, looks. */
import { useStudio } from "../context.ts";
import { dictionaries, language, text } from "../i18n/index.ts";
import { Button, IconButton } from "./controls.tsx";
import { Icon } from "./icons.tsx";

export function TopBar() {
  const studio = useStudio();
  const { editor, dialog } = studio;
  const t = text.value;
  const open = studio.home.value ? undefined : editor.opened.value;
  return (
    <header class={open === undefined ? "top-bar" : "top-bar open"}>
      <h1 class="brand">
        <Icon name="logo" />
        <span>{t.title}</span>
      </h1>
      {open !== undefined && (
        <>
          <IconButton
            label={t.open.another}
            icon="open"
            keys="O"
            onClick={() => {
              studio.home.value = true;
            }}
          />
          <span class="file-name" title={open.name}>
            {open.name}
          </span>
          <div class="bar-group">
            <IconButton
              label={t.undo}
              icon="undo"
              keys="Ctrl+Z"
              disabled={!editor.canUndo.value}
              onClick={() => editor.undo()}
            />
            <IconButton
              label={t.redo}
              icon="redo"
              keys="Ctrl+Shift+Z"
              disabled={!editor.canRedo.value}
              onClick={() => editor.redo()}
            />
            <IconButton
              label={t.history.title}
              icon="history"
              keys="H"
              onClick={() => {
                dialog.value = "history";
              }}
            />
          </div>
        </>
      )}
      <span class="space" />
      <span class="home-button">
        <IconButton
          label={t.batch.title}
          icon="batch"
          onClick={() => {
            dialog.value = "batch";
          }}
        />
      </span>
      {studio.extras.teaching !== undefined && (
        <span class="home-button">
          <IconButton
            label={t.teaching.title}
            icon="teach"
            onClick={() => {
              dialog.value = "teaching";
            }}
          />
        </span>
      )}
      {studio.extras.local !== undefined && (
        <IconButton
          label={t.local.title}
          icon="machine"
          onClick={() => {
            dialog.value = "machine";
          }}
        />
      )}
      <Looks />
      <IconButton
        label={t.keys.title}
        icon="help"
        keys="?"
        onClick={() => {
          dialog.value = "keys";
        }}
      />
      {open !== undefined && (
        <Button
          kind="primary"
          icon="save"
          label={t.save.title}
          keys="Ctrl+S"
          onClick={() => {
            dialog.value = "save";
          }}
        />
      )}
    </header>
  );
}

function Looks() {
  const studio = useStudio();
  const t = text.value.view;
  const dark = studio.dark.value;
  return (
    <div class="bar-group looks">
      <label>
        <span class="hidden">{t.language}</span>
        <select
          aria-label={t.language}
          onChange={(event) => studio.setting({ language: event.currentTarget.value })}
        >
          {Object.entries(dictionaries).map(([tag, { languageName }]) => (
            <option key={tag} value={tag} selected={tag === language.value} lang={tag}>
              {languageName}
            </option>
          ))}
        </select>
      </label>
      <IconButton
        label={t.theme}
        icon={dark ? "sun" : "moon"}
        onClick={() => studio.setting({ theme: dark ? "light" : "dark" })}
      />
    </div>
  );
}
