/** A window over the page: closed by Escape, by its button, or by a click beside it. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { IconButton } from "./controls.tsx";

interface DialogProps {
  readonly title: string;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}

export function DialogWindow({ title, wide = false, children }: DialogProps) {
  const studio = useStudio();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => element.current?.showModal(), []);
  const own = useRef(studio.dialog.peek());
  // The event of closing comes late: by then another window may be open.
  const close = () => {
    if (studio.dialog.value === own.current) studio.dialog.value = undefined;
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it, too
    <dialog
      ref={element}
      class={wide ? "dialog wide" : "dialog"}
      aria-label={title}
      onCancel={close}
      onClose={close}
      onClick={(event) => {
        if (event.target === element.current) close();
      }}
    >
      <div class="dialog-inner">
        <header class="dialog-head">
          <h2>{title}</h2>
          <IconButton label={text.value.close} icon="close" onClick={close} />
        </header>
        {children}
      </div>
    </dialog>
  );
}
