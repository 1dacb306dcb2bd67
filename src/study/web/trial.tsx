/** A trial: the pictures' places are there from the start, and the buttons that choose. */
import { useEffect, useRef } from "preact/hooks";
import { type Side, sides } from "../design.ts";
import { FocusedButton } from "./focused-button.tsx";
import { text } from "./i18n/index.ts";
import type { TakingPart } from "./taking-part.ts";

const keys: Readonly<Record<string, Side>> = {
  ...{ arrowleft: "left", arrowright: "right" },
  ...{ f: "left", j: "right" },
};

export function Trial({ part }: { part: TakingPart }) {
  const t = text.value;
  const phase = part.phase.value;
  const { side, practice, trials } = part.info;
  const canvases = useRef(new Map<string, HTMLCanvasElement>());
  const canvas = (place: "input" | Side) => (element: HTMLCanvasElement | null) => {
    if (element === null) canvases.current.delete(place);
    else canvases.current.set(place, element);
  };

  useEffect(() => {
    const context = (place: string) => canvases.current.get(place)?.getContext("2d");
    part.screen = {
      paint: (place, sheet, tile) =>
        context(place)?.drawImage(sheet, tile * side, 0, side, side, 0, 0, side, side),
      clear: () => {
        for (const place of ["input", ...sides]) context(place)?.clearRect(0, 0, side, side);
      },
    };
    const press = (event: KeyboardEvent) => {
      const chosen = keys[event.key.toLowerCase()];
      if (chosen === undefined || event.repeat || event.ctrlKey || event.metaKey || event.altKey)
        return;
      event.preventDefault();
      part.answer(chosen, event.timeStamp);
    };
    document.addEventListener("keydown", press);
    return () => {
      document.removeEventListener("keydown", press);
      part.screen = undefined;
    };
  }, [part, side]);

  const stage = phase.at === "trial" ? phase.stage : "feedback";
  const answerable = stage === "pair" || stage === "hidden";
  const { done = 0 } = part.session.value ?? {};
  const isPractice = phase.at === "feedback" || (phase.at === "trial" && phase.practice);
  const [at, of] = isPractice ? [Math.min(done, practice), practice] : [done - practice, trials];
  return (
    <main class="trial" style={{ "--side": `${side}px` }}>
      <h1>{t.question}</h1>
      <div class="places">
        {/* Above the pair's places, so that nothing moves when the pair comes. */}
        <div class="middle" data-stage={stage}>
          {stage === "mark" && <span class="mark" role="img" aria-label={t.trial.look} />}
          <canvas
            ref={canvas("input")}
            width={side}
            height={side}
            role="img"
            aria-label={t.trial.input}
            hidden={stage !== "input"}
          />
        </div>
        {sides.map((place) => (
          <button
            key={place}
            type="button"
            class={phase.at === "feedback" && phase.truth === place ? "choice truth" : "choice"}
            disabled={!answerable}
            onClick={({ timeStamp }) => part.answer(place, timeStamp)}
          >
            <canvas ref={canvas(place)} width={side} height={side} />
            <span>{t.trial[place]}</span>
          </button>
        ))}
      </div>
      {phase.at === "feedback" ? (
        <div class="feedback" role="status">
          <p>{phase.chosen === phase.truth ? t.feedback.right : t.feedback.wrong}</p>
          <FocusedButton onClick={() => part.onward()}>{t.feedback.next}</FocusedButton>
        </div>
      ) : (
        <div class="feedback" />
      )}
      <div class="standing">
        <progress max={of} value={at} aria-label={t.trial.progress(at, of)} />
        <span aria-hidden="true">{t.trial.progress(at, of)}</span>
      </div>
    </main>
  );
}
