/** The photos of the server's folder. */
import { useStudio } from "../context.ts";
import { text } from "../i18n/index.ts";

export function FolderStrip() {
  const studio = useStudio();
  const folder = studio.folder.value;
  if (folder === undefined || folder.photos.length === 0) return null;
  const title = text.value.open.folder(folder.name);
  const current = studio.editor.opened.value?.folderPhoto?.id;
  return (
    <section class="folder" aria-label={title}>
      <h3>{title}</h3>
      <ul class="tiles">
        {folder.photos.map((photo) => (
          <li key={photo.id}>
            <button
              type="button"
              class="tile"
              aria-label={photo.name}
              aria-pressed={photo.id === current}
              title={photo.name}
              onClick={() => void studio.openFolderPhoto(photo)}
            >
              <img src={photo.thumbnail} alt="" loading="lazy" decoding="async" />
              <span aria-hidden="true">{photo.name}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
