/** A process that tries a device and never comes back. */
process.once("message", () => setInterval(() => {}, 1000));
