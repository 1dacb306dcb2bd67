/** What `deploy/` holds is well formed, and calls the program by options that it has. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { validate } from "dockerfile-utils";
import picomatch from "picomatch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { commands } from "../src/cli/commands/index.ts";

const repository = fileURLToPath(new URL("..", import.meta.url));
const at = (...names: string[]) => join(repository, "deploy", ...names);
const slurm = ["train", "train-mpi", "restore-array", "evaluate-array"].map((n) => `${n}.sbatch`);
const manifests = ["train-mpijob.yaml", "restore-job.yaml", "evaluate-job.yaml"];

it("has no file beside those that are checked here", async () => {
  expect((await readdir(at("slurm"))).sort()).toEqual([...slurm].sort());
  expect((await readdir(at("kubernetes"))).sort()).toEqual([...manifests].sort());
  expect((await readdir(at("docker"))).sort()).toEqual(["Dockerfile", "ssh_config", "sshd_config"]);
});

/** @throws when the command has no such option */
async function checkOptions(name: string, words: readonly string[]): Promise<void> {
  const entry = commands.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`no command ${name}`);
  const command = new Command(name);
  await entry.declare(command);
  const known = command.options.flatMap(({ long, short }) => [long, short]);
  for (const word of words) {
    if (/^-/.test(word) && !known.includes(word)) throw new Error(`${name} has no ${word}`);
  }
}

describe("the image", () => {
  it("is described by a Dockerfile without errors or warnings", async () => {
    const text = await readFile(at("docker", "Dockerfile"), "utf8");
    expect(validate(text).map(({ message }) => message)).toEqual([]);
    const stages = text.match(/^FROM .*/gm) ?? [];
    expect(stages).toHaveLength(2);
    expect(text).toMatch(/npm ci --ignore-scripts/);
    expect(text.lastIndexOf("USER node")).toBeGreaterThan(text.indexOf(stages[1]!));
    expect(text).toMatch(/ENTRYPOINT \["palette"\]/);
  });

  it("gets the files that its build takes, and no others", async () => {
    const lines = (await readFile(join(repository, ".dockerignore"), "utf8"))
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    const isSent = (path: string) => {
      let sent = true;
      for (const line of lines) {
        const pattern = line.replace(/^!/, "");
        if (picomatch([pattern, `${pattern}/**`], { dot: true })(path)) sent = line.startsWith("!");
      }
      return sent;
    };
    const argv = ["ls-files", "--cached", "--others", "--exclude-standard"];
    const tracked = execFileSync("git", argv, { cwd: repository, encoding: "utf8" });
    const sent = tracked.split("\n").filter((path) => path !== "" && isSent(path));
    for (const path of [
      ...[
        "package-lock.json",
        "tsconfig.build.json",
        "src/cli/main.ts",
        "src/studio/web/index.html",
      ],
      ...["scripts/studio/copy-swagger.mjs", "models/photos-64/weights.safetensors"],
      ...["deploy/docker/sshd_config", "LICENSE"],
      ...(await usedByBuild(tracked.split("\n"))),
    ])
      expect(sent).toContain(path);
    const strays = /\.test\.ts$|^(bench|docs|test|examples|\.ci)\//;
    expect(sent.filter((path) => strays.test(path))).toEqual([]);
  });
});

/** What the build names, and what the sources import from elsewhere in the repository. */
async function usedByBuild(tracked: readonly string[]): Promise<string[]> {
  const text = await readFile(join(repository, "package.json"), "utf8");
  const { scripts } = z
    .object({ scripts: z.object({ build: z.string() }) })
    .parse(JSON.parse(text));
  const used = scripts.build.split(" ").filter((word) => tracked.includes(word));
  for (const path of tracked.filter((one) => /^src\/.*(?<!\.test)\.tsx?$/.test(one))) {
    const source = await readFile(join(repository, path), "utf8");
    for (const [, target = ""] of source.matchAll(/from "(\.\.\/[^"]+)"/g)) {
      const file = posix.join(posix.dirname(path), target);
      if (!file.startsWith("src/")) used.push(file);
    }
  }
  return used;
}

describe("Slurm's scripts", () => {
  it.each(slurm)("%s is clean, and calls palette by options that it has", async (name) => {
    execFileSync("bash", ["-n", at("slurm", name)]);
    const lint = spawnSync("shellcheck", [at("slurm", name)], { encoding: "utf8" });
    // It is a package of Debian's, which CI has.
    if (lint.error === undefined || process.env.CI)
      expect([lint.error, lint.stdout]).toEqual([undefined, ""]);
    const script = (await readFile(at("slurm", name), "utf8")).replaceAll("\\\n", " ");
    const calls = [...script.matchAll(/^[^#\n]*\bpalette ("\$task"|[a-z]+) ([^\n]*)/gm)];
    expect(calls).toHaveLength(1);
    for (const [, command = "", rest = ""] of calls) {
      const own = command === '"$task"' ? "colorize" : command;
      await checkOptions(own, rest.match(/(?<=\s|^)--?[a-z-]+/g) ?? []);
    }
    // Options of the examples in the comments.
    const examples = [...script.replaceAll("\n#", " ").matchAll(/sbatch .*?(--preset|--crops) /g)];
    for (const [, option = ""] of examples)
      await checkOptions(name.startsWith("train") ? "train" : "evaluate", [option]);
  });

  describe("with programs in place of Slurm and palette", () => {
    let root: string;
    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), "palette-slurm-"));
      await mkdir(join(root, "bin"));
      const programs = {
        // srun runs one task.
        srun: 'while [ "$(echo "$1" | cut -c 1-2)" = "--" ]; do shift; done; exec "$@"',
        scontrol: 'echo "scontrol $*"',
        palette: [
          'echo "palette $*"',
          'if [ -n "$FAIL" ]; then exit "$FAIL"; fi',
          'if [ -n "$WAIT" ]; then trap "echo saved; exit 0" TERM; kill -TERM "$PPID"; sleep 5 >/dev/null 2>&1 & wait; fi',
        ].join("\n"),
      };
      for (const [name, text] of Object.entries(programs)) {
        await writeFile(join(root, "bin", name), `#!/bin/bash\n${text}\n`);
        await chmod(join(root, "bin", name), 0o755);
      }
      await mkdir(join(root, "shards"));
      for (const k of [0, 1, 2]) await writeFile(join(root, "shards", `a-${k}.tar`), `tar ${k}`);
    });
    afterAll(() => rm(root, { recursive: true }));

    function submit(name: string, args: readonly string[], environment: object = {}) {
      const { stdout, stderr, status } = spawnSync("bash", [at("slurm", name), ...args], {
        encoding: "utf8",
        env: {
          PATH: `${join(root, "bin")}:${process.env.PATH}`,
          ...{ SLURM_JOB_ID: "7", SLURM_NNODES: "1", SLURM_NTASKS: "1", SLURM_JOB_USER: "me" },
          ...{ SLURM_CPUS_PER_TASK: "3", PALETTE_LOCAL: join(root, "local") },
          ...environment,
        },
      });
      return { said: stdout.trim().split("\n"), stderr, status };
    }

    it("train, and go back to the queue after a SIGTERM alone", () => {
      const call = "palette train --data photos --out run --threads 3 --preset tiny-32";
      const args = ["photos", "run", "--preset", "tiny-32"];
      expect(submit("train.sbatch", args)).toMatchObject({ said: [call], status: 0 });
      expect(submit("train.sbatch", args, { FAIL: "1" })).toMatchObject({
        said: [call],
        status: 1,
      });
      expect(submit("train.sbatch", args, { WAIT: "1" })).toMatchObject({
        said: [call, "saved", "scontrol requeue 7"],
        status: 0,
      });
    });

    it("copy shards to each node, train there, and try again when a rank was lost", async () => {
      const pattern = join(root, "shards", "a-{0..1}.tar");
      const { said, stderr, status } = submit("train-mpi.sbatch", [pattern, "run"]);
      expect([stderr, status]).toEqual(["", 0]);
      const [local = ""] = await readdir(join(root, "local"));
      const copies = join(root, "local", local);
      expect(said).toEqual([`palette train --data ${copies} --out run --threads 3`]);
      expect((await readdir(copies)).sort()).toEqual(["a-0.tar", "a-1.tar"]);
      const lost = submit("train-mpi.sbatch", [pattern, "run"], { FAIL: "1" });
      expect([lost.said.at(-1), lost.status]).toEqual(["scontrol requeue 7", 1]);
      for (const more of [{ FAIL: "2" }, { FAIL: "1", SLURM_RESTART_COUNT: "20" }])
        expect(submit("train-mpi.sbatch", [pattern, "run"], more).said).toHaveLength(1);
      const stopped = submit("train-mpi.sbatch", [join(root, "shards"), "run"], { WAIT: "1" });
      expect(stopped.said.slice(1)).toEqual(["saved", "scontrol requeue 7"]);
    });

    it("share photos and evaluations by the array's variables", () => {
      const restore = submit("restore-array.sbatch", ["colorize", "in", "out", "--seed", "3"]);
      expect(restore.said).toEqual(["palette colorize in -o out --shard env --threads 3 --seed 3"]);
      const task = { SLURM_ARRAY_TASK_ID: "2" };
      expect(submit("evaluate-array.sbatch", ["r", "--crops", "9"], task).said).toEqual([
        "palette evaluate -o r --shard env --threads 3 --crops 9",
      ]);
      expect(submit("evaluate-array.sbatch", ["r"]).said).toEqual([
        "palette evaluate -o r --threads 3",
      ]);
      expect(submit("restore-array.sbatch", [])).toMatchObject({
        status: 1,
        stderr: expect.stringContaining("name the task"),
      });
    });
  });
});

const quantity = z.string().regex(/^\d+(\.\d+)?(m|Ki|Mi|Gi)?$/);
const containerSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  image: z.string(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).min(1),
  env: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
  resources: z.strictObject({
    requests: z.strictObject({ cpu: quantity, memory: quantity }),
    limits: z.strictObject({ cpu: quantity, memory: quantity }),
  }),
  securityContext: z
    .strictObject({
      allowPrivilegeEscalation: z.literal(false),
      capabilities: z.strictObject({ drop: z.array(z.literal("ALL")) }),
    })
    .optional(),
  volumeMounts: z.array(
    z.strictObject({
      name: z.string(),
      mountPath: z.string().startsWith("/"),
      readOnly: z.boolean().optional(),
    }),
  ),
});
const podSchema = z
  .strictObject({
    restartPolicy: z.enum(["OnFailure", "Never"]).optional(),
    securityContext: z.strictObject({
      runAsNonRoot: z.literal(true),
      runAsUser: z.int().positive(),
      fsGroup: z.int().positive(),
    }),
    affinity: z
      .strictObject({
        podAntiAffinity: z.strictObject({
          requiredDuringSchedulingIgnoredDuringExecution: z.array(
            z.strictObject({
              topologyKey: z.string(),
              labelSelector: z.strictObject({ matchLabels: z.record(z.string(), z.string()) }),
            }),
          ),
        }),
      })
      .optional(),
    initContainers: z.array(containerSchema).optional(),
    containers: z.array(containerSchema).length(1),
    volumes: z.array(
      z.strictObject({
        name: z.string(),
        persistentVolumeClaim: z
          .strictObject({ claimName: z.string(), readOnly: z.boolean().optional() })
          .optional(),
        emptyDir: z.strictObject({ sizeLimit: quantity }).optional(),
      }),
    ),
  })
  .refine(
    ({ volumes, containers, initContainers = [] }) =>
      [...containers, ...initContainers].every(({ volumeMounts }) =>
        volumeMounts.every(({ name }) => volumes.some((volume) => volume.name === name)),
      ),
    "a mount has no volume",
  );
const metadata = z.strictObject({ name: z.string().regex(/^[a-z0-9-]+$/) });
const jobSchema = z.strictObject({
  apiVersion: z.literal("batch/v1"),
  kind: z.literal("Job"),
  metadata,
  spec: z.strictObject({
    completionMode: z.literal("Indexed"),
    completions: z.int().positive(),
    parallelism: z.int().positive(),
    backoffLimit: z.int().min(0),
    template: z.strictObject({
      metadata: z.strictObject({ labels: z.record(z.string(), z.string()) }),
      spec: podSchema.refine(({ restartPolicy }) => restartPolicy, "a job's pod needs one"),
    }),
  }),
});
const replicaSchema = z.strictObject({
  replicas: z.int().positive(),
  restartPolicy: z.enum(["OnFailure", "Never"]),
  template: z.strictObject({ spec: podSchema }),
});
const mpiJobSchema = z.strictObject({
  apiVersion: z.literal("kubeflow.org/v2beta1"),
  kind: z.literal("MPIJob"),
  metadata,
  spec: z.strictObject({
    slotsPerWorker: z.int().positive(),
    sshAuthMountPath: z.string(),
    runPolicy: z.strictObject({
      cleanPodPolicy: z.enum(["None", "Running", "All"]),
      backoffLimit: z.int().min(0),
    }),
    mpiReplicaSpecs: z.strictObject({ Launcher: replicaSchema, Worker: replicaSchema }),
  }),
});

describe("Kubernetes' manifests", () => {
  const read = async (name: string) => readFile(at("kubernetes", name), "utf8");

  it.each(manifests)("%s is clean YAML", async (name) => {
    const rules =
      "{line-length: {max: 100}, document-start: disable, braces: {min-spaces-inside: 1, max-spaces-inside: 1}}";
    const argv = ["-s", "-d", `{extends: default, rules: ${rules}}`, at("kubernetes", name)];
    const lint = spawnSync("yamllint", argv, { encoding: "utf8" });
    if (lint.error === undefined || process.env.CI)
      expect([lint.error, lint.stdout]).toEqual([undefined, ""]);
  });

  it.each(["restore-job.yaml", "evaluate-job.yaml"])("%s is an indexed job", async (name) => {
    const { spec } = jobSchema.parse(parse(await read(name)));
    const { args } = spec.template.spec.containers[0]!;
    await checkOptions(args[0]!, args);
    // Kubernetes does not tell a pod how many there are.
    expect(args[args.indexOf("--shard") + 1]).toBe(`env/${spec.completions}`);
    expect(spec.parallelism).toBeLessThanOrEqual(spec.completions);
  });

  it("train-mpijob.yaml starts a rank on each worker", async () => {
    const { spec } = mpiJobSchema.parse(parse(await read("train-mpijob.yaml")));
    const { Launcher, Worker } = spec.mpiReplicaSpecs;
    const { args, command } = Launcher.template.spec.containers[0]!;
    expect(command).toEqual(["mpirun"]);
    expect(args[args.indexOf("-n") + 1]).toBe(String(Worker.replicas * spec.slotsPerWorker));
    const [name = "", ...options] = args.slice(args.indexOf("palette") + 1);
    await checkOptions(name, options);
    // The image's sshd reads the key where the operator mounts it.
    const sshd = await readFile(at("docker", "sshd_config"), "utf8");
    expect(sshd).toContain(`HostKey ${spec.sshAuthMountPath}/id_rsa`);
    const paths = Worker.template.spec.containers[0]!.volumeMounts.map((mount) => mount.mountPath);
    for (const option of ["--data", "--out"]) {
      const path = args[args.indexOf(option) + 1]!;
      expect(paths.some((mount) => path === mount || path.startsWith(`${mount}/`))).toBe(true);
    }
  });
});
