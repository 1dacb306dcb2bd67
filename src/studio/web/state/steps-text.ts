/** The history's steps as its list shows them. */
import type { Dictionary } from "../i18n/index.ts";
import type { History } from "./history.ts";
import type { Photo } from "./photo.ts";
import { wayOf } from "./ways.ts";

export interface ListedStep {
  readonly index: number;
  readonly name: string;
  readonly detail: string;
  readonly thumbnail: string;
}

export function listedSteps({ steps }: History<Photo>, text: Dictionary): ListedStep[] {
  return steps.flatMap(({ asked, answers }, index) => {
    const [first] = answers;
    // The oldest steps are not kept over a reload of the page.
    if (first === undefined) return [];
    const size = `${first.width} × ${first.height}`;
    return {
      index,
      name: asked === undefined ? text.history.opened : text.ways[wayOf(asked.task)].name,
      detail: asked === undefined ? size : `${text.history.answers(answers.length)}, ${size}`,
      thumbnail: first.thumbnail,
    };
  });
}
