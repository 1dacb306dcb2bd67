/** What is read between trials. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { language } from "../../studio/web/i18n/index.ts";
import { FocusedButton } from "./focused-button.tsx";
import { text } from "./i18n/index.ts";
import type { TakingPart } from "./taking-part.ts";

/** Seconds that a trial takes besides its pictures. */
const between = 2;

export function Message({ children }: { children: ComponentChildren }) {
  return (
    <>
      <h1>{text.value.question}</h1>
      <p class="lead">{children}</p>
    </>
  );
}

export function Consent({ part }: { part: TakingPart }) {
  const t = text.value;
  const { practice, trials, seconds, inputSeconds, consent } = part.info;
  const [waits, setWaits] = useState(false);
  const all = practice + trials;
  const minutes = Math.max(1, Math.round((all * (seconds + inputSeconds + between)) / 60));
  return (
    <>
      <h1>{t.question}</h1>
      <p class="lead">{t.consent.lead}</p>
      <p>{t.consent.steps(all, minutes)}</p>
      <h2>{t.consent.title}</h2>
      {consent === undefined ? (
        <>
          <p>{t.consent.kept}</p>
          <p>{t.consent.free}</p>
        </>
      ) : (
        consent.split(/\n{2,}/).map((paragraph, k) => <p key={k}>{paragraph}</p>)
      )}
      <button
        type="button"
        class="button primary"
        disabled={waits}
        onClick={() => {
          setWaits(true);
          void part.consent(language.value);
        }}
      >
        {t.consent.agree}
      </button>
    </>
  );
}

export function Ready({
  part,
  before,
}: {
  part: TakingPart;
  before: "practice" | "trials" | "rest";
}) {
  const t = text.value;
  const lead = {
    practice: t.ready.practiceLead,
    trials: t.ready.trialsLead,
    rest: t.ready.restLead,
  };
  return (
    <>
      <h1>{t.ready[before]}</h1>
      <p class="lead">{lead[before]}</p>
      <p>{t.question}</p>
      <p>{t.ready.how}</p>
      <FocusedButton onClick={() => void part.run()}>{t.ready.start}</FocusedButton>
    </>
  );
}

export function Done({ code }: { code: string }) {
  const t = text.value;
  return (
    <>
      <h1>{t.done.title}</h1>
      <p class="lead">{t.done.lead}</p>
      <p>
        {t.done.code}: <strong class="code">{code}</strong>
      </p>
    </>
  );
}
