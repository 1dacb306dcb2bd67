/**
 * Lets the event loop do other work before a long computation goes on; in Node and in browsers.
 * It takes 1 to 4 ms, so call it every 50 ms or less often.
 */
export function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
