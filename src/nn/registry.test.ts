import { expect, it } from "vitest";
import { presetNamed } from "../models/presets.ts";
import {
  atResolution,
  networkOfType,
  networkSchema,
  parameterSpecs,
  registerNetwork,
} from "./registry.ts";

// test/new-network.test.ts adds one.
it("networks are refused where there are none of the type, or one already", () => {
  expect(() => networkOfType("dit")).toThrow(/no network type "dit"; the network types are unet/);
  expect(() => registerNetwork("unet", networkOfType("unet"))).toThrow(/already/);
  expect(networkSchema.safeParse({ type: "dit" }).error?.issues[0]?.message).toContain("unet");
});

it("a network may be for another resolution, with the same weights", () => {
  const { network } = presetNamed("small-64");
  const larger = atResolution(network, 128);
  expect(larger).toEqual({ ...network, resolution: 128, attention: [16] });
  expect(parameterSpecs(larger)).toEqual(parameterSpecs(network));
  expect(atResolution(larger, 64)).toEqual(network);
  expect(() => atResolution(network, 100)).toThrow(
    "The network cannot be for 100 pixels a side: they must be a multiple of 8.",
  );
});
