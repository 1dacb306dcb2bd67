/** The graphics cards that a device may run on, as their driver names them. */
import { cpus } from "node:os";
import type { LibraryHandle } from "koffi";
import { type Koffi, loadKoffi } from "../koffi.ts";

export interface Adapter {
  readonly name: string;
  readonly kind: "discrete" | "integrated" | "virtual" | "software" | "other";
  /** Bytes of its own memory; of an integrated one, of the memory that it shares. */
  readonly memory?: number;
}

/** VkPhysicalDeviceType. */
const kinds = ["other", "integrated", "discrete", "virtual", "software"] as const;

/**
 * Vulkan's physical devices on Linux and Windows; on a Mac the chip. Empty where there is no
 * loader, or no koffi. A broken driver may end the process: to be called in one that may be lost.
 */
export function listAdapters(): Adapter[] {
  if (process.platform === "darwin") {
    return [{ name: cpus()[0]?.model ?? "Apple GPU", kind: "integrated" }];
  }
  let koffi: Koffi;
  let vulkan: LibraryHandle;
  try {
    koffi = loadKoffi();
    vulkan = koffi.load(process.platform === "win32" ? "vulkan-1.dll" : "libvulkan.so.1");
  } catch {
    return [];
  }
  const create = vulkan.func("int vkCreateInstance(void *info, void *none, _Out_ void **made)");
  const enumerate = vulkan.func(
    "int vkEnumeratePhysicalDevices(void *instance, _Inout_ uint32_t *count, void *devices)",
  );
  const properties = vulkan.func("void vkGetPhysicalDeviceProperties(void *device, void *into)");
  const memory = vulkan.func("void vkGetPhysicalDeviceMemoryProperties(void *device, void *into)");
  const destroy = vulkan.func("void vkDestroyInstance(void *instance, void *none)");
  // VkInstanceCreateInfo: its type is 1, everything else nothing.
  const info = Buffer.alloc(64);
  info.writeUInt32LE(1);
  const instance: unknown[] = [null];
  if (create(info, null, instance) !== 0) return [];
  const count = [0];
  enumerate(instance[0], count, null);
  const devices = Buffer.alloc(8 * Math.max(1, count[0]!));
  enumerate(instance[0], count, devices);
  const adapters = Array.from({ length: count[0]! }, (_, i) => {
    const device: unknown = koffi.decode(devices, 8 * i, "void *");
    // VkPhysicalDeviceProperties: the type is its fifth number, then 256 bytes of name.
    const text = Buffer.alloc(1024);
    properties(device, text);
    const name = text.toString("utf8", 20, 276).split("\0", 1)[0]!;
    const kind = kinds[text.readUInt32LE(16)] ?? "other";
    // VkPhysicalDeviceMemoryProperties: the heaps begin at 264, 16 bytes each; bit 0: the device's.
    const heaps = Buffer.alloc(1024);
    memory(device, heaps);
    let own = 0;
    for (let heap = 0; heap < heaps.readUInt32LE(260); heap++) {
      const at = 264 + 16 * heap;
      if (heaps.readUInt32LE(at + 8) & 1) own = Math.max(own, Number(heaps.readBigUInt64LE(at)));
    }
    return { name, kind, memory: own };
  });
  destroy(instance[0], null);
  return adapters;
}
