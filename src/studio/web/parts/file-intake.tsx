/** Photos from outside: dropped anywhere, pasted, or chosen. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";
import { droppedFiles, isModelFile } from "../state/dropped.ts";
import { PictureInput } from "./picture-input.tsx";

export function FileIntake() {
  const studio = useStudio();
  const picker = useRef<HTMLInputElement>(null);
  const over = useSignal(false);
  useEffect(() => {
    studio.onChooseFile = () => picker.current?.click();
    const listening = new AbortController();
    const { signal } = listening;
    const pictures = (files: Iterable<File> = []) =>
      [...files].filter(({ type, name }) => isPicture(type, name));
    const take = async (dropped: DataTransfer | null) => {
      const files = await droppedFiles(dropped);
      if (studio.extras.local !== undefined && files.some(isModelFile)) {
        await studio.addModel((local) => local.addFiles(files));
      } else {
        await studio.openFiles(pictures(files));
      }
    };
    addEventListener(
      "dragover",
      (event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        over.value = true;
      },
      { signal },
    );
    addEventListener(
      "dragleave",
      (event) => {
        if (event.relatedTarget === null) over.value = false;
      },
      { signal },
    );
    addEventListener(
      "drop",
      (event) => {
        event.preventDefault();
        over.value = false;
        void take(event.dataTransfer);
      },
      { signal },
    );
    addEventListener(
      "paste",
      (event) => {
        const found = pictures(event.clipboardData?.files);
        if (found.length === 0) return;
        event.preventDefault();
        void studio.openFiles(found);
      },
      { signal },
    );
    return () => listening.abort();
  }, [studio, over]);
  return (
    <>
      <PictureInput
        picker={picker}
        label={text.value.open.choose}
        onFiles={(files) => void studio.openFiles(files)}
      />
      {over.value && (
        <div class="drop-over">
          <strong>{text.value.open.drop}</strong>
        </div>
      )}
    </>
  );
}

function isPicture(type: string, name: string): boolean {
  return type.startsWith("image/") || /\.(jpe?g|png|webp|avif|gif|tiff?)$/i.test(name);
}
