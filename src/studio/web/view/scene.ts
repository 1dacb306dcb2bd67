/** What lies in each cell of the view, from back to front. */
import type { Box } from "../../../image/image.ts";
import { panoramaFrame } from "../extend/frame.ts";
import { wholeBox } from "../mask/bitmap.ts";
import type { MaskLayer } from "../mask/mask-layer.ts";
import type { Photo } from "../state/photo.ts";
import type { Studio } from "../state/studio.ts";

export interface Layer {
  readonly source: Photo | ImageBitmap;
  /** Where it lies, in the base's pixels. */
  readonly box: Box;
  /** The share of the cell's width in which it is seen. */
  readonly from?: number;
  readonly to?: number;
}

export interface CellScene {
  readonly layers: readonly Layer[];
  readonly mask?: MaskLayer;
  /** Marks where the picture will grow. */
  readonly growth?: Box;
  /** What a label says of it. */
  readonly label?: "before" | number;
}

export function sceneOf({ editor, requests }: Studio): readonly CellScene[] {
  const base = editor.base.value;
  const history = editor.history.value;
  if (base === undefined || history === undefined) return [];
  const step = editor.review.value;
  const { shown } = history.cursor;
  const before: Layer = { source: base, box: wholeBox(base) };
  const answer = (k: number): Layer | undefined => {
    const source = step?.answers[k];
    return source === undefined || step === undefined ? undefined : { source, box: step.frame };
  };
  const comparison = editor.comparison.value;
  if (comparison === "all" && step !== undefined && !editor.holding.value) {
    return step.answers.map((_, k) => ({ layers: [answer(k)!], label: k }));
  }
  const after = shown === "before" ? undefined : answer(shown);
  if (after === undefined || shown === "before") {
    return [editor.holding.value ? { layers: [before] } : working(before)];
  }
  if (editor.holding.value) return [{ layers: [before], label: "before" }];
  if (comparison === "beside") {
    return [
      { layers: [before], label: "before" },
      { layers: [after], label: shown },
    ];
  }
  if (comparison === "slider") {
    const divider = editor.divider.value;
    return [
      {
        layers: [
          { ...after, from: divider },
          { ...before, to: divider },
        ],
      },
    ];
  }
  return [{ layers: [after] }];

  /** What is worked on, with the estimate of the request that runs. */
  function working(base: Layer): CellScene {
    const job = requests.runner.job.value;
    const preview =
      job?.previews.get(requests.shownPreview.value) ?? job?.previews.values().next().value;
    const grows = editor.way.value === "extend" ? (job?.frame ?? editor.frame.value) : undefined;
    const growth = grows === undefined ? {} : { growth: grows };
    if (job !== undefined && job.into === undefined && preview !== undefined) {
      const box =
        job.asked.task === "panorama" ? panoramaFrame(base.box, preview, job.frame) : job.frame;
      return { layers: [base, { source: preview, box }], ...growth };
    }
    const mask = editor.way.value === "fill" ? editor.mask.value : undefined;
    return { layers: [base], ...(mask !== undefined && { mask }), ...growth };
  }
}
