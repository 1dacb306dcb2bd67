import { vi } from "vitest";
import { run } from "../../src/cli/run.ts";

/** Runs a command in this process; `lines` are those of its standard output. */
export async function palette(...argv: string[]) {
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      written[name] += text;
      return true;
    });
  }
  const code = await run(argv);
  vi.restoreAllMocks();
  // A slow machine shows progress where a fast one has nothing to say.
  const stderr = written.stderr.replaceAll(/^.* \(\d+ s(, about [^)]*)?\)\n/gm, "");
  const lines = written.stdout.split("\n").filter((line) => line !== "");
  return { code, stdout: written.stdout, stderr, lines };
}
