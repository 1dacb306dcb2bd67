/** Every action's key: what the page listens to, and what its sheet of keys shows. */
import type { Dictionary } from "../i18n/index.ts";
import { fillAll, invert } from "../mask/bitmap.ts";
import { grow, shrink } from "../mask/morphology.ts";
import { maskTools } from "../mask/tools.ts";
import type { Studio } from "./studio.ts";
import { ways } from "./ways.ts";

export type KeyGroup = "photo" | "ways" | "mask" | "view" | "answers";

export interface KeyAction {
  /** As `KeyboardEvent.key` has it; "Mod+" is Ctrl or Cmd. */
  readonly keys: readonly string[];
  readonly group: KeyGroup;
  readonly label: (text: Dictionary) => string;
  readonly run: (studio: Studio) => void;
  /** When the key is let go. */
  readonly release?: (studio: Studio) => void;
}

/** Mask pixels that grow and shrink move the edge by: some hundredth of the photo. */
export function edgeStep(studio: Studio): number {
  const { width = 1, height = 1 } = studio.editor.mask.value?.bitmap ?? {};
  return Math.max(1, Math.round(Math.max(width, height) / 150));
}

const draw = (studio: Studio, edit: Parameters<MaskOf["edit"]>[0]) => {
  if (studio.editor.draws.value) studio.editor.mask.value?.edit(edit);
};
type MaskOf = NonNullable<Studio["editor"]["mask"]["value"]>;

export const keyActions: readonly KeyAction[] = [
  action(
    "photo",
    ["o"],
    (t) => t.open.choose,
    (studio) => studio.chooseFile(),
  ),
  action(
    "photo",
    ["Mod+s"],
    (t) => t.save.title,
    (studio) => {
      if (studio.editor.shown.value !== undefined) studio.dialog.value = "save";
    },
  ),
  action(
    "photo",
    ["h"],
    (t) => t.history.title,
    (studio) => {
      if (studio.editor.history.value !== undefined) studio.dialog.value = "history";
    },
  ),
  action(
    "photo",
    ["Mod+z"],
    (t) => t.undo,
    (studio) => studio.editor.undo(),
  ),
  action(
    "photo",
    ["Mod+Shift+z", "Mod+y"],
    (t) => t.redo,
    (studio) => studio.editor.redo(),
  ),
  action(
    "photo",
    ["?"],
    (t) => t.keys.title,
    (studio) => {
      studio.dialog.value = "keys";
    },
  ),
  ...ways.map((way, k) =>
    action(
      "ways",
      [`${k + 1}`],
      (t) => t.ways[way].name,
      (studio) => studio.choose(way),
    ),
  ),
  action(
    "ways",
    ["Mod+Enter"],
    (t) => t.run.start,
    (studio) => void studio.requests.run(),
  ),
  action(
    "ways",
    ["Escape"],
    (t) => t.run.cancel,
    (studio) => studio.requests.runner.cancel(),
  ),
  ...maskTools.map((tool) =>
    action(
      "mask",
      [tool[0]!],
      (t) => t.fill.tools[tool],
      ({ editor }) => {
        if (editor.way.value === "fill") editor.tool.value = tool;
      },
    ),
  ),
  action(
    "mask",
    ["["],
    (t) => t.fill.smaller,
    (studio) => studio.resizeBrush(1 / 1.2),
  ),
  action(
    "mask",
    ["]"],
    (t) => t.fill.larger,
    (studio) => studio.resizeBrush(1.2),
  ),
  action(
    "mask",
    ["i"],
    (t) => t.fill.invert,
    (studio) => draw(studio, invert),
  ),
  action(
    "mask",
    [">"],
    (t) => t.fill.grow,
    (studio) => draw(studio, (mask) => grow(mask, edgeStep(studio))),
  ),
  action(
    "mask",
    ["<"],
    (t) => t.fill.shrink,
    (studio) => draw(studio, (mask) => shrink(mask, edgeStep(studio))),
  ),
  action(
    "mask",
    ["Delete", "Backspace"],
    (t) => t.fill.clear,
    (studio) => draw(studio, (mask) => fillAll(mask, 0)),
  ),
  action(
    "view",
    ["+", "="],
    (t) => t.view.zoomIn,
    ({ view }) => view.zoom(1.25),
  ),
  action(
    "view",
    ["-"],
    (t) => t.view.zoomOut,
    ({ view }) => view.zoom(0.8),
  ),
  action(
    "view",
    ["f", "0"],
    (t) => t.view.fit,
    ({ view }) => view.fit(),
  ),
  action(
    "view",
    ["a"],
    (t) => t.view.actual,
    ({ view }) => view.actual(),
  ),
  {
    ...action(
      "view",
      [" "],
      (t) => t.view.hold,
      (studio) => {
        studio.spaceHeld.value = true;
      },
    ),
    release: (studio) => {
      studio.spaceHeld.value = false;
    },
  },
  {
    ...action(
      "answers",
      ["c"],
      (t) => t.compare.hold,
      ({ editor }) => {
        editor.holding.value = true;
      },
    ),
    release: ({ editor }) => {
      editor.holding.value = false;
    },
  },
  action(
    "answers",
    ["s"],
    (t) => t.compare.slider,
    (studio) => studio.compare("slider"),
  ),
  action(
    "answers",
    ["d"],
    (t) => t.compare.beside,
    (studio) => studio.compare("beside"),
  ),
  action(
    "answers",
    ["g"],
    (t) => t.compare.all,
    (studio) => studio.compare("all"),
  ),
  action(
    "answers",
    [","],
    (t) => t.answers.previous,
    (studio) => studio.showNext(-1),
  ),
  action(
    "answers",
    ["."],
    (t) => t.answers.next,
    (studio) => studio.showNext(1),
  ),
  action(
    "answers",
    ["m"],
    (t) => t.answers.more,
    (studio) => void studio.requests.more(),
  ),
  action(
    "answers",
    ["Enter"],
    (t) => t.answers.accept,
    (studio) => studio.accept(),
  ),
];

function action(
  group: KeyGroup,
  keys: readonly string[],
  label: KeyAction["label"],
  run: KeyAction["run"],
): KeyAction {
  return { group, keys, label, run };
}

/** Elements that use the keys themselves. */
const typing = "input:not([type=radio]):not([type=checkbox]):not([type=range]), select, textarea";
const pressing = "button, a, summary, input, select, textarea, [role=slider]";

/** Listens for the page; returns what ends it. */
export function listenToKeys(studio: Studio): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  const held = new Set<KeyAction>();
  addEventListener(
    "keydown",
    (event) => {
      if (document.querySelector("dialog[open]") !== null || event.altKey) return;
      const target = event.target instanceof Element ? event.target : document.body;
      const name = nameOf(event);
      if (!name.startsWith("Mod+") && target.matches(typing)) return;
      // Space and Enter press the button that has the focus.
      if ((name === " " || name === "Enter") && target.closest(pressing)) return;
      const found = keyActions.find(({ keys }) => keys.includes(name));
      if (found === undefined || (studio.home.value && found.group !== "photo")) return;
      event.preventDefault();
      if (event.repeat && found.release !== undefined) return;
      found.run(studio);
      if (found.release !== undefined) held.add(found);
    },
    { signal },
  );
  const release = () => {
    for (const action of held) action.release?.(studio);
    held.clear();
  };
  addEventListener("keyup", release, { signal });
  addEventListener("blur", release, { signal });
  return () => listening.abort();
}

/** Letters without regard to caps; Shift counts with Ctrl only, else it is in the character. */
function nameOf({ key, ctrlKey, metaKey, shiftKey }: KeyboardEvent): string {
  const plain = key.length === 1 ? key.toLowerCase() : key;
  if (!ctrlKey && !metaKey) return plain;
  return `Mod+${shiftKey ? "Shift+" : ""}${plain}`;
}
