/** Answers, steps, seed, sampler, mean, sharpen, model: each with a word of help. */
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { Button, Range, Segments, Select, Switch } from "../parts/controls.tsx";
import { fillingTasks } from "../restorer.ts";

const ownSteps = 20;

export function SettingsGroup() {
  const studio = useStudio();
  const t = text.value.settings;
  const { samples, steps, seed, sampler, mean, sharpen } = studio.settings.value;
  const model = studio.model.value;
  const task = studio.editor.task.value;
  const modelSteps = model?.steps[task] ?? ownSteps;
  return (
    <>
      <section class="group" aria-label={t.title}>
        <Switch
          label={t.mean}
          help={t.meanHelp}
          checked={mean}
          onChange={(checked) => studio.setting({ mean: checked })}
        />
        {!mean && (
          <Range
            label={t.samples}
            help={t.samplesHelp}
            value={samples}
            min={1}
            max={8}
            onChange={(value) => studio.setting({ samples: Math.round(value) })}
          />
        )}
      </section>
      <details class="group">
        <summary>{t.title}</summary>
        {fillingTasks.includes(task) && model?.tasks.includes("upscale") && (
          <Switch
            label={t.sharpen}
            help={t.sharpenHelp}
            checked={sharpen}
            onChange={(checked) => studio.setting({ sharpen: checked })}
          />
        )}
        {!mean && (
          <Range
            label={t.steps}
            help={t.stepsHelp}
            value={steps ?? modelSteps}
            min={1}
            max={Math.max(100, modelSteps)}
            onChange={(value) => {
              const whole = Math.round(value);
              studio.setting({ steps: whole === modelSteps ? undefined : whole });
            }}
          />
        )}
        <div class="field">
          <div class="field-head">
            <span>{t.seed}</span>
            <Segments
              label={t.seed}
              value={seed === undefined ? "new" : "fixed"}
              choices={[
                { value: "new", label: t.newSeed },
                { value: "fixed", label: t.fixedSeed },
              ]}
              onChange={(value) => studio.setting({ seed: value === "new" ? undefined : 1 })}
            />
          </div>
          {seed !== undefined && (
            <input
              type="number"
              class="wide"
              aria-label={t.seed}
              value={seed}
              min={0}
              step={1}
              onInput={(event) => {
                const value = Math.round(event.currentTarget.valueAsNumber);
                if (Number.isSafeInteger(value)) studio.setting({ seed: value });
              }}
            />
          )}
          <p class="help">{t.seedHelp}</p>
        </div>
        {!mean && model !== undefined && model.samplers.length > 1 && (
          <Select
            label={t.sampler}
            help={t.samplerHelp}
            value={sampler ?? ""}
            choices={model.samplers.map((name, k) => ({
              value: k === 0 ? "" : name,
              label: k === 0 ? t.samplerOwn(name) : name,
            }))}
            onChange={(value) => studio.setting({ sampler: value || undefined })}
          />
        )}
        {studio.models.value.length > 1 && model !== undefined && (
          <Select
            label={t.model}
            help={t.modelHelp(model.resolution)}
            value={model.name}
            choices={studio.models.value.map(({ name }) => ({ value: name, label: name }))}
            onChange={(name) => studio.setting({ model: name, sampler: undefined })}
          />
        )}
        <Button
          kind="quiet"
          label={t.reset}
          onClick={() =>
            studio.setting({
              samples: 2,
              steps: undefined,
              seed: undefined,
              sampler: undefined,
              mean: false,
              sharpen: true,
              model: undefined,
            })
          }
        />
      </details>
    </>
  );
}
