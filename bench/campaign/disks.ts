/** Every command that writes, on a full disk, on a read-only one and without permission. */
import { execFileSync } from "node:child_process";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Case } from "./cases.ts";
import { spawned } from "./execute.ts";
import { quickly } from "./kinds/photo.ts";
import type { PartOptions } from "./main.ts";
import { shortTraining, specimens } from "./specimens.ts";
import { type CampaignTable, campaignTable } from "./tables.ts";
import { faultsOf } from "./verdict.ts";
import { filesBelow, halfFiles, isTemporary } from "./whole-files.ts";

/** A place where writing fails: `make` prepares it and says who starts the program. */
interface Disk {
  readonly name: string;
  /** What the refusal must speak of. */
  readonly cause: RegExp;
  make(folder: string): Promise<readonly string[]>;
  remove(folder: string): void;
}

const mount = (folder: string, options: string) =>
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]);
const unmount = (folder: string) => execFileSync("umount", [folder]);

/** So many kilobytes are left on a disk of 8 MB. */
function full(left: number): Disk {
  return {
    name: left === 0 ? "full" : `${left} kB left`,
    cause: /ENOSPC|no space/i,
    async make(folder) {
      mount(folder, "size=8m");
      await writeFile(join(folder, "filler"), Buffer.alloc(2 ** 23 - 1024 * left - 8192)).catch(
        () => {},
      );
      if (left === 0) await writeFile(join(folder, "more"), Buffer.alloc(2 ** 16)).catch(() => {});
      return [];
    },
    remove: unmount,
  };
}

const disks: readonly Disk[] = [
  full(0),
  full(40),
  full(700),
  {
    name: "read-only disk",
    cause: /EROFS|read-only/i,
    async make(folder) {
      mount(folder, "ro");
      return [];
    },
    remove: unmount,
  },
  {
    name: "no permission",
    cause: /EACCES|EPERM|permission/i,
    async make(folder) {
      await chmod(folder, 0o555);
      return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    },
    remove: () => {},
  },
  {
    name: "file size limit",
    cause: /EFBIG|too large/i,
    async make() {
      return ["sh", "-c", 'ulimit -f 2; exec "$@"', "sh"];
    },
    remove: () => {},
  },
];

export async function runDisks({ specimens: folder, work, command, say }: PartOptions) {
  const commands = writing((name) => join(folder, name));
  const rows: (string | number)[][] = [];
  await chmod(work, 0o755);
  for (const [name, argv] of Object.entries(commands)) {
    const row: (string | number)[] = [`\`${name}\``];
    for (const [k, disk] of disks.entries()) {
      const place = join(work, `disk-${name}-${k}`);
      await mkdir(place);
      const wrap = await disk.make(place);
      try {
        const { code, faults } = await tried(argv, place, disk, wrap, work);
        for (const fault of faults) say(`${name}, ${disk.name}: ${fault}`);
        row.push(
          faults.length > 0 ? `**${faults.length} faults**` : code === 0 ? "done" : "refused",
        );
      } finally {
        disk.remove(place);
        await rm(place, { recursive: true, force: true });
      }
    }
    rows.push(row);
    say(row.join(" | "));
  }
  return campaignTable(
    command,
    ["", ...disks.map(({ name }) => name)],
    rows,
  ) satisfies CampaignTable;
}

/**
 * The command must refuse in one line that names the cause, or have had room enough; nothing is
 * half.
 */
async function tried(
  argv: readonly string[],
  place: string,
  { cause }: Disk,
  wrap: readonly string[],
  room: string,
): Promise<{ code: number | null; faults: string[] }> {
  const given = argv.map((word) => word.replaceAll("DISK", place));
  const one: Case = { what: "", run: { argv: given }, codes: [0, 1] };
  const before = new Set(await filesBelow(place));
  const ending = await spawned(given, room, wrap);
  const faults = faultsOf(one, ending).map(({ kind, detail }) => `${kind}: ${detail}`);
  const said = ending.stderr.trim().split("\n").at(-1) ?? "";
  if (ending.code !== 0 && !cause.test(said)) faults.push(`does not say why: ${said}`);
  const made = (await filesBelow(place)).filter((name) => !before.has(name));
  if (ending.code === 0 && made.length === 0) faults.push("exit code 0, but nothing was written");
  const left = made.filter((name) => isTemporary(name.split("/").at(-1) ?? ""));
  if (left.length > 0) faults.push(`left ${left.join(", ")}`);
  faults.push(...(await halfFiles(place)));
  return { code: ending.code, faults };
}

/** Each command that writes, into a folder below DISK. */
function writing(at: (name: string) => string): Record<string, readonly string[]> {
  const photo = at("rgb.png");
  const restored = quickly({ specimen: at }, { out: "DISK/out" });
  const nets = ["--nets", at(specimens.nets), "--features", "tiny"];
  const photos = at(specimens.photos);
  return {
    colorize: ["colorize", photo, ...restored],
    inpaint: ["inpaint", photo, "--mask", "random", ...restored],
    uncrop: ["uncrop", photo, ...restored],
    dejpeg: ["dejpeg", photo, ...restored],
    upscale: ["upscale", photo, ...restored],
    panorama: ["panorama", photo, "--left", "0", "--right", "1", ...restored],
    train: [
      ...["train", "--data", photos, "--out", "DISK/run", ...shortTraining],
      ...["--images", "2", "--tasks", "colorize"],
    ],
    evaluate: [
      ...["evaluate", "--model", at(specimens.model), "--data", photos, "--tasks", "colorize"],
      ...["--crops", "2", "--reference-crops", "4", "--steps", "1", "--samples", "1"],
      ...["--replicates", "0", "--threads", "1", ...nets, "--classifier", "tiny"],
      ...["-o", "DISK/report"],
    ],
    fid: ["fid", photos, photos, ...nets, "-o", "DISK/report"],
    import: ["import", at("tiny.pth"), "--config", at(specimens.theirConfig), "-o", "DISK/model"],
    "export -o": ["export", at(specimens.model), "-o", "DISK/x.onnx"],
    "export --safetensors": ["export", at(specimens.model), "--safetensors", "DISK/x.safetensors"],
  };
}
