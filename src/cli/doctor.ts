/** `palette doctor`: what devices there are, and whether each computes what the processor does. */
import { availableParallelism } from "node:os";
import { presetNamed } from "../models/presets.ts";
import { uNetConfig } from "../nn/config.ts";
import { type DeviceReport, examineDevices, inOneLine } from "../node/doctor/examine.ts";
import { PaletteError } from "../util/errors.ts";
import { inGigabytes } from "../util/format.ts";
import type { DoctorFlags } from "./commands/doctor.ts";
import { say } from "./console.ts";
import { whileWaiting } from "./progress.ts";

/** Every kind of layer, and little to compute. */
const smallNetwork = uNetConfig.parse({
  resolution: 16,
  base: 8,
  multipliers: [1, 2],
  blocks: 1,
  attention: [8],
  headChannels: 8,
  groups: 2,
});

export async function doctor({
  preset,
  batch,
  threads,
  patience,
  json,
}: DoctorFlags): Promise<void> {
  const examining = examineDevices({
    network: preset === undefined ? smallNetwork : presetNamed(preset).network,
    batch,
    threads: threads ?? availableParallelism(),
    patience,
  });
  const found = await whileWaiting("Trying the devices", examining);
  if (json) say(JSON.stringify(found, undefined, 2));
  else {
    for (const device of found.devices) say(inWords(device));
    say(inOneLine(found));
  }
  const cpu = found.devices.find(({ device }) => device === "cpu");
  if (cpu?.state !== "works")
    throw new PaletteError(`The processor does not work: ${cpu?.reason}.`);
}

function inWords(report: DeviceReport): string {
  const { device, state, hardware, reason, difference, speed, peakMemoryBytes } = report;
  const rate = (value: number) => value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
  const parts = [
    hardware,
    speed && `${rate(speed.sampling)} network calls/s, ${rate(speed.training)} training images/s`,
    peakMemoryBytes && inGigabytes(peakMemoryBytes),
    difference &&
      `off by ${difference.output.toExponential(0)} (output), ${difference.loss.toExponential(0)} (loss), ${difference.gradient.toExponential(0)} (gradient)`,
    reason,
  ];
  return `${device.padEnd(8)}${state.padEnd(9)}${parts.filter(Boolean).join("; ")}`;
}
