/** What was dropped on the page: files, also those in folders. */

/** A folder may hold anything. */
const [mostFiles, mostDepth] = [2000, 4];

/** Must be called while the event of the drop is handled. */
export async function droppedFiles(dropped: DataTransfer | null): Promise<File[]> {
  const entries = [...(dropped?.items ?? [])].map((item) => item.webkitGetAsEntry());
  const direct = [...(dropped?.files ?? [])];
  if (!entries.some((entry) => entry?.isDirectory)) return direct;
  const files: File[] = [];
  for (const entry of entries) {
    if (entry !== null) await collect(entry, files, 0);
  }
  return files;
}

/** What a model's folder is made of, or a zip of it. */
export function isModelFile({ name }: File): boolean {
  return /\.(zip|safetensors)$/i.test(name);
}

async function collect(entry: FileSystemEntry, files: File[], depth: number): Promise<void> {
  if (files.length >= mostFiles || depth > mostDepth) return;
  if (entry.isFile) {
    const { file } = entry as FileSystemFileEntry;
    files.push(await new Promise<File>((done, failed) => file.call(entry, done, failed)));
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A part of the folder at a time; none is the end.
    const some = await new Promise<FileSystemEntry[]>((done, failed) =>
      reader.readEntries(done, failed),
    );
    if (some.length === 0) return;
    for (const each of some) await collect(each, files, depth + 1);
  }
}
