import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { IconButton } from "./controls.tsx";

export function NoticeList() {
  const { notices } = useStudio();
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.list.value.map(({ id, kind, text: line }) => (
        <div key={id} class={`notice ${kind}`}>
          <p>{line}</p>
          <IconButton label={text.value.close} icon="close" onClick={() => notices.close(id)} />
        </div>
      ))}
    </div>
  );
}
