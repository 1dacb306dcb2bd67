/**
 * Fetches the landscape photos that the bundled model is trained on: `npm run landscapes -- OUT`.
 *
 * They are the planet pictures of the game Endless Sky in high resolution, 273 photos of 1440x720,
 * taken from the Debian package on any Debian machine. No root rights are needed; nothing is
 * installed.
 */
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { PaletteError, reasonOf, UsageError } from "../../src/util/errors.ts";
import { quantity } from "../../src/util/format.ts";

const name = "endless-sky-high-dpi";
const photosInPackage = `usr/share/games/endless-sky/plugins/${name}/images/land`;
const licenceInPackage = `usr/share/doc/${name}/copyright`;

const run = promisify(execFile);

/** Runs a program of Debian's; its own last line of complaint becomes the error. */
async function debian(
  program: string,
  args: string[],
  folder: string,
  advice: string,
): Promise<void> {
  try {
    await run(program, args, { cwd: folder, maxBuffer: 2 ** 26 });
  } catch (thrown) {
    const { code, stderr } = thrown as NodeJS.ErrnoException & { stderr?: string };
    if (code === "ENOENT") {
      throw new PaletteError(
        `${program} is not on this machine; run this on Debian or a system made from it.`,
        { cause: thrown },
      );
    }
    const complaint = stderr?.trim().split("\n").at(-1) || reasonOf(thrown);
    throw new PaletteError(`${program} failed (${complaint}); ${advice}`, { cause: thrown });
  }
}

/** Unpacks a Debian package file and copies its photos and its copyright file into `out`. */
async function extract(packageFile: string, workFolder: string, out: string): Promise<number> {
  const unpacked = join(workFolder, "unpacked");
  await debian(
    "dpkg",
    ["-x", packageFile, unpacked],
    workFolder,
    "check that file and the free disk space.",
  );
  const photos = (await readdir(join(unpacked, photosInPackage)).catch(() => [])).filter((file) =>
    file.endsWith(".jpg"),
  );
  if (photos.length === 0) {
    throw new PaletteError(
      `The package holds no ${photosInPackage}/*.jpg; it must have changed, look into ${name} yourself.`,
    );
  }
  await mkdir(out, { recursive: true });
  for (const photo of photos) {
    await copyFile(join(unpacked, photosInPackage, photo), join(out, photo));
  }
  await copyFile(join(unpacked, licenceInPackage), join(out, "copyright"));
  return photos.length;
}

async function main(args: string[]): Promise<void> {
  const [out, packageFile] = args;
  if (out === undefined || out.startsWith("-") || args.length > 2) {
    throw new UsageError("Usage: npm run landscapes -- OUT [a package file that is already here]");
  }
  const work = await mkdtemp(join(tmpdir(), "landscapes-"));
  try {
    let file = packageFile === undefined ? undefined : resolve(packageFile);
    if (file === undefined) {
      console.error(`Fetching the Debian package ${name} (136 MB) ...`);
      await debian("apt-get", ["download", name], work, "run apt-get update first, as root.");
      const downloaded = (await readdir(work)).find((entry) => entry.endsWith(".deb"));
      if (downloaded === undefined) throw new PaletteError(`apt-get download brought no ${name}.`);
      file = join(work, downloaded);
    }
    const count = await extract(file, work, resolve(out));
    console.log(`${quantity(count, "photo")} in ${out}`);
    console.error(
      `Licence: public domain or CC-BY-SA, which differs from file to file; ${join(out, "copyright")} says which.`,
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  console.error(`landscapes: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  process.exitCode = thrown instanceof UsageError ? 2 : 1;
});
