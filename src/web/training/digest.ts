/** SHA-256 in a browser. */

/** In hexadecimal digits. */
export async function sha256(content: Blob | string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = await new Blob([content]).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
