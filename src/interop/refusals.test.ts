import { describe, expect, it } from "vitest";
import { failureOf } from "../../test/support/failure.ts";
import { repositoryConfig, stateDict, theirModel } from "../../test/support/pytorch-palette.ts";
import { temporaryFiles } from "../../test/support/temporary-files.ts";
import { torchFile, type Written, type WrittenTensor } from "../../test/support/torch-file.ts";
import { decodeSafetensors, encodeSafetensors } from "../models/safetensors.ts";
import { parameterSpecs } from "../nn/registry.ts";
import { exportSafetensors } from "./export-network.ts";
import { type ImportOptions, importNetwork } from "./import-network.ts";
import { theirName, theirShape } from "./state-dict-keys.ts";

const { at, written } = temporaryFiles("_Network.pth");
const configs = temporaryFiles(".json");

const imported = async (value: Written, options?: ImportOptions) =>
  importNetwork(await written(torchFile(value)), options);

const configFor = (...args: Parameters<typeof repositoryConfig>) =>
  configs.written(repositoryConfig(...args));

describe("what cannot be imported", () => {
  const model = theirModel();
  const state = () => new Map<string, WrittenTensor>(stateDict(model));
  const shaped = (name: string, shape: number[]) => {
    const changed = state();
    expect(changed.has(name)).toBe(true);
    const data = new Float32Array(shape.reduce((product, side) => product * side, 1));
    return changed.set(name, { shape, data });
  };
  const one: WrittenTensor = { shape: [1], data: [1] };
  const named = (...names: string[]) => new Map(names.map((name) => [name, one]));

  it.each<[string, Written, RegExp]>([
    [
      "the .state file",
      new Map<string, Written>([
        ["epoch", 200],
        ["iter", 930000],
        ["schedulers", []],
        ["optimizers", [new Map([["state", one]])]],
      ]),
      /training state \(optimizer and epoch 200\).*import 200_Network\.pth/,
    ],
    [
      "the optimizer of the SR3 project",
      new Map<string, Written>([
        ["epoch", 37],
        ["iter", 1],
        ["scheduler", 0],
        ["optimizer", new Map([["state", new Map()]])],
      ]),
      /training state.*37/,
    ],
    [
      "an sr3 checkpoint",
      named(
        "denoise_fn.noise_level_mlp.1.weight",
        "denoise_fn.downs.0.weight",
        "denoise_fn.downs.1.res_block.block1.block.0.weight",
      ),
      /sr3 U-Net \(module_name "sr3"/,
    ],
    [
      "an sr3 checkpoint of DataParallel",
      named("module.denoise_fn.downs.1.res_block.noise_func.noise_func.0.weight"),
      /sr3 U-Net/,
    ],
    [
      "a generator of another project",
      named("model.1.weight", "model.1.bias", "model.4.weight", "model.4.bias"),
      /network of another project \(its tensors are called model\.1\.weight, model\.1\.bias, model\.4\.weight, \.\.\.\)/,
    ],
    [
      "OpenAI's guided-diffusion",
      named("time_embed.0.weight", "input_blocks.0.0.weight"),
      /OpenAI's guided-diffusion, which sees no source/,
    ],
    [
      "Stable Diffusion",
      new Map([
        [
          "state_dict",
          named(
            "model.diffusion_model.time_embed.0.weight",
            "model.diffusion_model.input_blocks.0.0.weight",
          ),
        ],
      ]),
      /latent diffusion/,
    ],
    ["diffusers", named("conv_in.weight", "down_blocks.0.resnets.0.conv1.weight"), /diffusers/],
    [
      "two networks",
      new Map(
        [...stateDict(model)].flatMap(
          ([name, tensor]) =>
            [
              [`netG.${name}`, tensor],
              [`netF.${name}`, tensor],
            ] as [string, WrittenTensor][],
        ),
      ),
      /several networks \(netG\.denoise_fn\. and netF\.denoise_fn\.\)/,
    ],
    ["a tensor alone", one, /a single tensor, not a state dict/],
    ["a list", [one], /no dictionary, not a state dict/],
    [
      "numbers alone",
      new Map<string, Written>([["epoch", 3]]),
      /no weights \(its entries are epoch\)/,
    ],
    ["nothing", new Map(), /no weights \(its entries are none\)/],
    [
      "a mask as seventh channel",
      shaped("denoise_fn.input_blocks.0.0.weight", [32, 7, 3, 3]),
      /takes 7 channels and gives 3/,
    ],
    [
      "blocks that only add the noise level",
      shaped("denoise_fn.input_blocks.1.0.emb_layers.1.weight", [32, 128]),
      /use_scale_shift_norm is false/,
    ],
    [
      "widths of no whole multiple",
      shaped("denoise_fn.input_blocks.1.0.out_layers.3.weight", [48, 48, 3, 3]),
      /level 0 has 48 channels, no whole multiple of 32/,
    ],
    [
      "a skip path of 3x3",
      shaped("denoise_fn.output_blocks.0.0.skip_connection.weight", [64, 128, 3, 3]),
      /output_blocks\.0\.0\.skip_connection\.weight has the shape \[64, 128, 3, 3\] where \[64, 128, 1, 1\]/,
    ],
    [
      "a tensor too many",
      state().set("denoise_fn.extra.weight", one),
      /extra\.weight, which has no place/,
    ],
    [
      "no numbers",
      shaped("denoise_fn.out.2.bias", [3]).set("denoise_fn.out.2.bias", {
        shape: [3],
        data: [1, Number.NaN, 2],
      }),
      /damaged: out\.2\.bias/,
    ],
  ])("%s", async (_, value, message) => {
    expect(await failureOf(imported(value, { resolution: 16 }))).toMatch(message);
  });

  it.each<[string, string, RegExp]>([
    [
      "a weight",
      "denoise_fn.middle_block.2.out_layers.3.bias",
      /not complete: the tensor middle_block\.2\.out_layers\.3\.bias is missing/,
    ],
    [
      "attention in the middle",
      "denoise_fn.middle_block.1.qkv.weight",
      /its middle has no attention/,
    ],
    [
      "the middle's attention of one block",
      "denoise_fn.output_blocks.0.1.qkv.weight",
      /only some blocks of level 1 have attention/,
    ],
  ])("a state dict without %s", async (_, name, message) => {
    const changed = state();
    expect(changed.delete(name)).toBe(true);
    expect(await failureOf(imported(changed, { resolution: 16 }))).toMatch(message);
  });

  it("resampling without weights", async () => {
    const pooled = stateDict(theirModel({ resampling: "convolution" }));
    for (const name of [...pooled.keys()]) {
      if (/\.(op|conv)\.(weight|bias)$/.test(name)) pooled.delete(name);
    }
    expect(await failureOf(imported(pooled))).toMatch(
      /resblock_updown and conv_resample are false/,
    );
  });

  it("a width that its norms of 32 groups do not divide", async () => {
    const { config } = theirModel({ base: 48, groups: 16, headChannels: 48 });
    const narrow = parameterSpecs(config.network).map((spec): [string, WrittenTensor] => [
      theirName(spec.name, config.network),
      { shape: theirShape(spec), data: new Float32Array(spec.shape.reduce((a, b) => a * b, 1)) },
    ]);
    expect(await failureOf(imported(new Map(narrow), { resolution: 16 }))).toMatch(
      /48 channels \(base x multiplier\) do not divide into 32 groups; this network is not supported/,
    );
  });

  it("heads that its channels do not divide into", async () => {
    const config = await configFor(model.config.network, { num_head_channels: 48 });
    expect(await failureOf(imported(state(), { config }))).toMatch(
      /64 channels do not divide into heads of 48; give the --config with its own num_head_channels/,
    );
  });

  it("a resolution that the levels do not divide", async () => {
    expect(await failureOf(imported(state(), { resolution: 33 }))).toMatch(
      /multiple of 2, not 33.*--resolution/,
    );
  });

  it("weights of this package, which need no import", async () => {
    const own = theirModel({ embedding: "log-snr" });
    const { tensors, metadata } = decodeSafetensors(exportSafetensors(own).bytes);
    const refused = async (kept: typeof tensors, also?: typeof metadata) => {
      const bytes = encodeSafetensors(kept, also && { metadata: also });
      const path = await written(bytes, "own.safetensors");
      expect(await failureOf(importNetwork(path))).toMatch(/model of this package: use its folder/);
    };
    await refused(tensors);
    // Its configuration alone does not make a file whole.
    await refused(new Map([...tensors].slice(0, -1)), metadata);
  });

  it.each<[string, object, RegExp]>([
    [
      "inner_channel",
      { inner_channel: 64 },
      /contradicts the weights: its inner_channel is 64, theirs 32/,
    ],
    [
      "channel_mults",
      { channel_mults: [1, 2, 4, 8] },
      /channel_mults is \[1, 2, 4, 8\], theirs \[1, 2\]/,
    ],
    ["res_blocks", { res_blocks: 2 }, /res_blocks is 2, theirs 1/],
    ["attn_res", { attn_res: [1, 2] }, /attn_res is \[1, 2\], theirs \[2\]/],
    ["in_channel", { in_channel: 2, out_channel: 1 }, /in_channel is 2, theirs 6/],
    ["resblock_updown", { resblock_updown: false }, /resblock_updown is false, theirs true/],
  ])("a configuration with another %s", async (_, changes, message) => {
    const config = await configFor(model.config.network, changes);
    expect(await failureOf(imported(state(), { config }))).toMatch(message);
  });

  it.each<[string, string, RegExp]>([
    [
      "of the sr3 network",
      '{"model":{"which_networks":[{"args":{"module_name":"sr3","unet":{}}}]}}',
      /describes the sr3 U-Net/,
    ],
    ["of something else", '{"format":1}', /no configuration of the PyTorch Palette \(model/],
    ["without a network", '{"model":{"which_networks":[{"args":{}}]}}', /describes no U-Net/],
    ["that is no JSON", "name: x", /not JSON with comments/],
    [
      "with a wrong number",
      '{"model":{"which_networks":[{"args":{"module_name":"guided_diffusion","unet":{"res_blocks":"two"}}}]}}',
      /res_blocks/,
    ],
  ])("a configuration %s", async (_, text, message) => {
    const config = await written(text, "wrong.json");
    const line = await failureOf(imported(state(), { config }));
    expect(line).toMatch(message);
    expect(line).toContain(config);
  });

  it("a configuration that is missing", async () => {
    expect(await failureOf(imported(state(), { config: at("none.json") }))).toMatch(
      /--config: .*none\.json cannot be read/,
    );
  });
});
