/** How servers are stopped. */

/**
 * Resolves at the first SIGINT or SIGTERM; a second one ends the program at once. The same Ctrl-C
 * may arrive twice within a second, from the terminal and from npx: that is one.
 */
export function stopped(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const hear = () => {
      if (first === undefined) resolve();
      else if (performance.now() - first > 1000) process.exit(0);
      first ??= performance.now();
    };
    process.on("SIGINT", hear).on("SIGTERM", hear);
  });
}
