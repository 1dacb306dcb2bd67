/** A training that is the same in Node and in a page: photos without loss, no JPEG tasks. */
export const trainingSettings = {
  preset: "tiny-32",
  tasks: ["colorize", "inpaint"],
  threads: 2,
  seed: 3,
  optimizer: { batch: 2, learningRate: 2e-3, warmUpImages: 0 },
} as const;
