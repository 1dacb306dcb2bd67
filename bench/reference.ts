/** The reference work: a 32x32 grid after space-to-depth, 16,449,484 parameters. */
export const reference = {
  resolution: 64,
  stem: 2,
  base: 64,
  multipliers: [1, 2, 4],
  blocks: 2,
  attention: [8],
  headChannels: 64,
  resampling: "convolution",
} as const;
