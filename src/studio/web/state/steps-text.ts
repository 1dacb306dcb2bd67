/** The history's steps as its list shows them. */
import type { Dictionary } from "../i18n/index.ts";
import type { History } from "./history.ts";
import type { Photo } from "./photo.ts";
import { wayOf } from "./ways.ts";

export interface ListedStep {
  readonly name: string;
  readonly detail: string;
  readonly thumbnail: string;
}

export function listedSteps({ steps }: History<Photo>, text: Dictionary): ListedStep[] {
  return steps.map(({ asked, answers }) => {
    const [first] = answers;
    const size = `${first?.width ?? 0} × ${first?.height ?? 0}`;
    return {
      name: asked === undefined ? text.history.opened : text.ways[wayOf(asked.task)].name,
      detail: asked === undefined ? size : `${text.history.answers(answers.length)}, ${size}`,
      thumbnail: first?.thumbnail ?? "",
    };
  });
}
