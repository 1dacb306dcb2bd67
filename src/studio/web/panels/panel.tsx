/** The side panel: the way of working, its controls, the settings, the button that starts. */
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { ExtendPanel } from "./extend-panel.tsx";
import { FillPanel } from "./fill-panel.tsx";
import { FitWarning } from "./fit-warning.tsx";
import { RepairPanel } from "./repair-panel.tsx";
import { RunButton } from "./run-button.tsx";
import { SettingsGroup } from "./settings-group.tsx";
import { UpscalePanel } from "./upscale-panel.tsx";

/** Colorizing needs nothing but the photo. */
const controls = {
  colorize: undefined,
  fill: FillPanel,
  extend: ExtendPanel,
  repair: RepairPanel,
  upscale: UpscalePanel,
};

export function Panel() {
  const { editor, model, extras } = useStudio();
  const way = editor.way.value;
  const Controls = controls[way];
  const { name, lead } = text.value.ways[way];
  const learned = model.value?.tasks.includes(editor.task.value) ?? true;
  return (
    <section class="panel" aria-label={name}>
      <div class="panel-scroll">
        <header>
          <h2>{name}</h2>
          <p class="lead">{lead}</p>
        </header>
        {!learned && <p class="warning">{text.value.run.notTrained}</p>}
        {Controls !== undefined && <Controls />}
        {extras.local !== undefined && <FitWarning local={extras.local} />}
        <SettingsGroup />
      </div>
      <RunButton disabled={!learned} />
    </section>
  );
}
