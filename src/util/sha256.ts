/** SHA-256 by the Web Crypto API, which Node and browsers share. */

/** The digest as 64 lower-case hexadecimal digits. */
export async function sha256(content: Uint8Array | ArrayBuffer | string): Promise<string> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const digest = await crypto.subtle.digest("SHA-256", bytes as BufferSource);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
