/** A process that tries a device and is ended by its driver. */
process.once("message", () => {
  process.send?.({ stage: "training" }, undefined, {}, () => process.abort());
});
