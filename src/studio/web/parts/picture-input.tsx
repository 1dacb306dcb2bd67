/** The browser's own dialog for picture files, which a button of the page opens. */
import type { RefObject } from "preact";

export interface PictureInputProps {
  readonly picker: RefObject<HTMLInputElement | null>;
  readonly label: string;
  /** Whether several may be chosen; default true. */
  readonly multiple?: boolean;
  /** What was chosen. The same files may be chosen again. */
  onFiles(files: File[]): void;
}

export function PictureInput({ picker, label, multiple = true, onFiles }: PictureInputProps) {
  return (
    <input
      ref={picker}
      type="file"
      accept="image/*"
      multiple={multiple}
      hidden
      aria-label={label}
      onChange={({ currentTarget: input }) => {
        const files = [...(input.files ?? [])];
        input.value = "";
        onFiles(files);
      }}
    />
  );
}
