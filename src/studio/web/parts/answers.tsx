/** The answers below the picture: pick one, ask for more, go on from it. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { Button } from "./controls.tsx";
import { Icon } from "./icons.tsx";

export function Answers() {
  const studio = useStudio();
  const { editor, requests } = studio;
  const t = text.value.answers;
  const [base, step, history] = [editor.base.value, editor.review.value, editor.history.value];
  const job = requests.runner.job.value;
  if (base === undefined || history === undefined) return null;
  if (step === undefined && (job === undefined || job.previews.size === 0)) return null;
  const { shown } = history.cursor;
  return (
    <section class="answers" aria-label={t.title}>
      <ul class="tiles">
        {step !== undefined && (
          <Tile
            label={t.before}
            image={base.thumbnail}
            chosen={shown === "before"}
            onClick={() => studio.show("before")}
          />
        )}
        {step?.answers.map(({ thumbnail, restored }, k) => (
          <Tile
            key={thumbnail}
            label={t.answer(k + 1)}
            short={`${k + 1}`}
            title={restored && t.seed(restored.seed)}
            image={thumbnail}
            chosen={shown === k}
            onClick={() => studio.show(k)}
          />
        ))}
        {job !== undefined &&
          [...job.previews]
            .sort(([a], [b]) => a - b)
            .map(([index, bitmap]) => (
              <Tile
                key={`estimate-${index}`}
                label={t.estimate(index + 1)}
                short="…"
                image={bitmap}
                chosen={job.into === undefined && requests.shownPreview.value === index}
                onClick={() => {
                  requests.shownPreview.value = index;
                }}
              />
            ))}
        {step !== undefined && job === undefined && (
          <li>
            <button
              type="button"
              class="tile more"
              title={`${t.more} (M)`}
              onClick={() => void requests.more()}
            >
              <Icon name="dice" />
              {t.more}
            </button>
          </li>
        )}
      </ul>
      {step !== undefined && (
        <Button
          kind="primary"
          icon="check"
          label={t.accept}
          keys="Enter"
          disabled={shown === "before"}
          onClick={() => studio.accept()}
        />
      )}
    </section>
  );
}

interface TileProps {
  readonly label: string;
  readonly short?: string;
  readonly title?: string | undefined;
  readonly image: string | ImageBitmap;
  readonly chosen: boolean;
  readonly onClick: () => void;
}

function Tile({ label, short, title, image, chosen, onClick }: TileProps) {
  return (
    <li>
      <button
        type="button"
        class="tile"
        aria-label={label}
        aria-pressed={chosen}
        title={title ?? label}
        onClick={onClick}
      >
        {typeof image === "string" ? <img src={image} alt="" /> : <Estimate bitmap={image} />}
        <span aria-hidden="true">{short ?? label}</span>
      </button>
    </li>
  );
}

function Estimate({ bitmap }: { readonly bitmap: ImageBitmap }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  // At once: a later estimate closes this one.
  useLayoutEffect(() => {
    if (canvas.current === null) return;
    canvas.current.width = bitmap.width;
    canvas.current.height = bitmap.height;
    canvas.current.getContext("2d")?.drawImage(bitmap, 0, 0);
  }, [bitmap]);
  return <canvas ref={canvas} class="working" />;
}
