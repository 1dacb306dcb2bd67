/** `palette export`: a model for ONNX Runtime anywhere, or for PyTorch. */
import { join } from "node:path";
import {
  type ExportedOnnx,
  type ExportedWeights,
  exportOnnx,
  exportSafetensors,
  theirArguments,
} from "../interop/export-network.ts";
import type { ModelConfig } from "../models/config.ts";
import { configFile, weightsFile } from "../models/model.ts";
import { writeAtomically } from "../node/atomic-write.ts";
import { findModel, loadModel } from "../node/model-folder.ts";
import { claimFiles, type OutputFile } from "../node/output-rule.ts";
import { inGigabytes } from "../util/format.ts";
import { alignedColumns } from "./aligned-columns.ts";
import type { ExportFlags } from "./commands/export.ts";
import { say } from "./console.ts";
import { whileWaiting } from "./progress.ts";

export async function exportModel(name: string | undefined, flags: ExportFlags): Promise<void> {
  const { out, batch, safetensors } = flags;
  const folder = await findModel(name);
  const outputs: OutputFile[] = [];
  if (out !== undefined) outputs.push({ path: out, option: "-o", ending: ".onnx" });
  if (safetensors !== undefined) {
    outputs.push({ path: safetensors, option: "--safetensors", ending: ".safetensors" });
  }
  await claimFiles(
    outputs,
    [configFile, weightsFile].map((part) => join(folder, part)),
  );
  const model = await whileWaiting("Loading the model", loadModel(folder));
  const report: Record<string, unknown> = { model: model.config.name };
  const lines: string[] = [];
  if (out !== undefined) {
    const { bytes, ...values } = exportOnnx(model, { batch });
    await whileWaiting(`Writing ${out}`, writeAtomically(out, bytes));
    report.onnx = { file: out, bytes: bytes.length, ...values };
    lines.push(...onnxText(out, { bytes, ...values }));
  }
  if (safetensors !== undefined) {
    const { bytes, ...facts } = exportSafetensors(model);
    await whileWaiting(`Writing ${safetensors}`, writeAtomically(safetensors, bytes));
    report.safetensors = { file: safetensors, bytes: bytes.length, ...facts };
    lines.push(...weightsText(safetensors, { bytes, ...facts }, model.config));
  }
  if (flags.json) say(JSON.stringify(report, undefined, 2));
  else for (const line of lines) say(line);
}

function onnxText(file: string, { bytes, inputs, outputs }: ExportedOnnx): string[] {
  const rows = [
    ...inputs.map((value) => ({ kind: "input", ...value })),
    ...outputs.map((value) => ({ kind: "output", ...value })),
  ].map(({ kind, name, shape, meaning }) => [kind, name, `[${shape.join(", ")}]`, meaning]);
  return [
    `${file}: ONNX, float32, opset 17, ${inGigabytes(bytes.length)}; all of this stands in its documentation too.`,
    ...alignedColumns(rows).map((line) => `  ${line}`),
    "  In Python: onnxruntime.InferenceSession(file).run(None, {'source': x, 'noisy': y_t, 'conditioning': conditioning})[0]",
  ];
}

function weightsText(
  file: string,
  { bytes, names, notes }: ExportedWeights,
  { network }: ModelConfig,
): string[] {
  const head = `${file}: safetensors, float32, ${inGigabytes(bytes.length)}`;
  if (names === "own") {
    return [
      `${head}, under this package's names: the PyTorch Palette has no such network, as ${notes.join(" and ")}.`,
    ];
  }
  return [
    `${head}, under the PyTorch Palette's names.`,
    ...notes.map((note) => `  Mind: ${note}.`),
    `  Its "unet": ${JSON.stringify(theirArguments(network))}`,
    "  In Python: network.load_state_dict(safetensors.torch.load_file(file), strict=False)",
  ];
}
