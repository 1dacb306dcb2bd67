/**
 * Commands killed while they write: no half file under a final name, and the same command works.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import sharp from "sharp";
import { exportSafetensors } from "../../src/interop/export-network.ts";
import { saveModel } from "../../src/node/model-folder.ts";
import { Random } from "../../src/util/random.ts";
import { theirModel } from "../../test/support/pytorch-palette.ts";
import { spawned } from "./execute.ts";
import { killedAfter, temporaryFiles, whileWriting } from "./killable.ts";
import type { PartOptions } from "./main.ts";
import { specimens } from "./specimens.ts";
import { type CampaignTable, campaignTable } from "./tables.ts";
import { halfFiles } from "./whole-files.ts";

interface Writer {
  readonly name: string;
  readonly argv: readonly string[];
  /** What makes the same command right when its results are there. */
  readonly again?: readonly string[];
}

export async function runWriterKills(options: PartOptions): Promise<CampaignTable> {
  const { seed, count, work, command, say } = options;
  const random = Random.from(seed, "campaign", "writers");
  const writers = await prepare(options);
  const rows: (string | number)[][] = [];
  for (const [k, writer] of writers.entries()) {
    const kills = Math.floor(count / writers.length) + (k < count % writers.length ? 1 : 0);
    const row = { kills: 0, writing: 0, over: 0, half: 0, again: 0 };
    const room = join(work, `writer-${writer.name}`);
    await mkdir(room, { recursive: true });
    const unbroken = await spawned(writer.argv, room);
    if (unbroken.code !== 0) throw new Error(`${writer.name}: ${unbroken.stderr}`);
    while (row.kills < kills) {
      // Every other time the results of an earlier command are there, to be replaced.
      const over = row.kills % 2 === 1;
      if (!over) await rm(join(room, "out"), { recursive: true, force: true });
      const argv = over ? [...writer.argv, ...(writer.again ?? [])] : writer.argv;
      const moment =
        random.uniform() < 0.7
          ? (ended: AbortSignal) => whileWriting(room, random.between(0, 5), ended)
          : () => setTimeout(random.between(0.3, 1) * unbroken.milliseconds);
      const { code } = await killedAfter(argv, room, moment);
      if (code !== undefined) continue;
      row.kills++;
      row.over += over ? 1 : 0;
      row.writing += (await temporaryFiles(room)) > 0 ? 1 : 0;
      const half = await halfFiles(room);
      row.half += half.length;
      for (const name of half) say(`${writer.name}: ${name}`);
      const next = await spawned([...writer.argv, ...(writer.again ?? [])], room);
      if (next.code === 0 && (await halfFiles(room)).length === 0) row.again++;
      else say(`${writer.name}, again: ${next.stderr.trim()}`);
    }
    rows.push([`\`${writer.name}\``, row.kills, row.over, row.writing, row.half, row.again]);
    say(`${writer.name}: ${JSON.stringify(row)}`);
  }
  const columns = [
    ...["", "kills", "over earlier results", "while a file was written", "half files"],
    "the same command then works",
  ];
  return campaignTable(command, columns, rows);
}

/** Files large enough that writing them takes a while. */
async function prepare({ specimens: folder, work }: PartOptions): Promise<Writer[]> {
  const at = (name: string) => join(folder, name);
  const large = theirModel({ base: 64, multipliers: [1, 2, 2] });
  const [model, weights, photo] = ["large", "large.safetensors", "large.png"].map((name) =>
    join(work, name),
  ) as [string, string, string];
  await saveModel(model, large);
  await writeFile(weights, exportSafetensors(large).bytes);
  const noise = { type: "gaussian", mean: 128, sigma: 60 } as const;
  const create = { width: 1200, height: 900, channels: 3, background: "gray", noise } as const;
  await writeFile(photo, await sharp({ create }).png().toBuffer());
  const restored = ["--model", at(specimens.model), "--steps", "1", "--threads", "1"];
  return [
    { name: "colorize", argv: ["colorize", photo, ...restored, "-o", "out", "--samples", "2"] },
    { name: "import", argv: ["import", weights, "-o", "out/model"], again: ["--force"] },
    {
      name: "export",
      argv: ["export", model, "-o", "out/x.onnx", "--safetensors", "out/x.safetensors"],
    },
    {
      name: "evaluate",
      argv: [
        ...["evaluate", ...restored, "--data", at(specimens.photos), "--tasks", "colorize"],
        ...["--crops", "12", "--reference-crops", "24", "--samples", "2", "--replicates", "4"],
        ...["--nets", at(specimens.nets), "--features", "tiny", "--classifier", "tiny"],
        ...["-o", "out"],
      ],
    },
  ];
}
