import { expect, it } from "vitest";
import { networkOfType, networkSchema, registerNetwork } from "./registry.ts";

// test/new-network.test.ts adds one.
it("networks are refused where there are none of the type, or one already", () => {
  expect(() => networkOfType("dit")).toThrow(/no network type "dit"; the network types are unet/);
  expect(() => registerNetwork("unet", networkOfType("unet"))).toThrow(/already/);
  expect(networkSchema.safeParse({ type: "dit" }).error?.issues[0]?.message).toContain("unet");
});
