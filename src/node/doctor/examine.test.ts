import { describe, expect, it } from "vitest";
import { smallestUNet } from "../../../test/support/smallest-unet.ts";
import { examineDevices, inOneLine } from "./examine.ts";

const network = smallestUNet;
const options = { network, batch: 1, threads: 1, patience: 100 };
const faulty = (kind: string) => new URL(`../../../test/support/${kind}-probe.ts`, import.meta.url);

describe("an examination of the devices", () => {
  it("says that the processor works, how fast, and that CUDA is not there", async () => {
    const found = await examineDevices({ ...options, devices: ["cpu", "cuda"] });
    const [cpu, cuda] = found.devices;
    expect(cpu).toMatchObject({ device: "cpu", state: "works" });
    expect(cpu?.speed?.training).toBeGreaterThan(0);
    expect(cuda).toMatchObject({ device: "cuda", state: "absent" });
    expect(inOneLine(found)).toMatch(
      /^palette \d.*; node v\d.*; onnxruntime 1\..*; cpu works \(.*\); cuda absent \(.*\)$/,
    );
  });

  it("outlives a driver that crashes", async () => {
    const { devices } = await examineDevices({
      ...options,
      devices: ["webgpu"],
      process: faulty("crashing"),
    });
    expect(devices).toMatchObject([
      { device: "webgpu", state: "crashed", reason: "its process ended while training: SIGABRT" },
    ]);
  });

  it("waits no longer than it was told for a driver that hangs", async () => {
    const { devices } = await examineDevices({
      ...options,
      devices: ["webgpu"],
      process: faulty("hanging"),
      patience: 1,
    });
    expect(devices).toMatchObject([{ device: "webgpu", state: "timeout" }]);
  });
});
