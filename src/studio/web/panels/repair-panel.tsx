/** What the file says about its compression. */
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { Group, Switch } from "../parts/controls.tsx";

/** Below it repairing helps, above the other there is little to do. */
const [low, high] = [50, 85];

export function RepairPanel() {
  const { editor } = useStudio();
  const t = text.value.repair;
  const jpeg = editor.opened.value?.jpeg;
  const level =
    jpeg === undefined ? "" : jpeg.quality < low ? "low" : jpeg.quality < high ? "middle" : "high";
  return (
    <Group title={t.quality}>
      {jpeg === undefined || level === "" ? (
        <p class="help">{t.notJpeg}</p>
      ) : (
        <>
          <p class="quality">{t.saved(jpeg.quality, jpeg.exact)}</p>
          <meter
            aria-label={t.quality}
            min={0}
            low={low}
            high={high}
            max={100}
            optimum={100}
            value={jpeg.quality}
          />
          <p class="help">{t[level]}</p>
        </>
      )}
      <Switch
        label={t.force}
        help={t.forceHelp}
        checked={editor.force.value}
        onChange={(checked) => {
          editor.force.value = checked;
        }}
      />
    </Group>
  );
}
