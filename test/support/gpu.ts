/**
 * A WebGPU device for tests: SwiftShader, which Debian's Chromium brings, by libvulkan1. With
 * PALETTE_GPU_TESTS=1 it is the machine's own card.
 */
import { existsSync } from "node:fs";
import koffi from "koffi";

const swiftShader = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** False where there is none: the tests are skipped there, and CI installs it. */
export const gpuThere = process.env.PALETTE_GPU_TESTS === "1" || useSwiftShader();

function useSwiftShader(): boolean {
  if (process.platform !== "linux" || !existsSync(swiftShader)) return false;
  try {
    koffi.load("libvulkan.so.1").unload();
  } catch {
    return false;
  }
  process.env.VK_ICD_FILENAMES = swiftShader;
  return true;
}
