/** What a file is that was given as a checkpoint, by its first bytes. */

export type FileKind =
  | { readonly type: "zip" | "legacy" | "safetensors" }
  /** Something else: what, and what to do, for the end of a sentence. */
  | { readonly type: "other"; readonly description: string };

/** The pickle of the number 0x1950a86a20f9469cfc6c, with which files of `torch.save` began before 1.6. */
const legacyMagic = "80028a0a6cfc9c46f920";

/** @param head the file's first bytes, 4096 of them if there are so many */
export function kindOfFile(head: Uint8Array): FileKind {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const hex = bytes.subarray(0, 16).toString("hex");
  const text = bytes.toString("latin1");
  const is = (type: "zip" | "legacy" | "safetensors"): FileKind => ({ type });
  const other = (description: string): FileKind => ({ type: "other", description });
  if (bytes.length === 0) return other("an empty file: download it again.");
  if (hex.startsWith("504b0304") || hex.startsWith("504b0506")) return is("zip");
  if (hex.startsWith(legacyMagic)) return is("legacy");
  if (/^\s*(\ufeff|\u00ef\u00bb\u00bf)?\s*<(!doctype|html|\?xml|head|!--)/i.test(text)) {
    return other(
      "a web page: the download failed (Google Drive asks before it hands out large files); open the link in a browser.",
    );
  }
  if (text.startsWith("version https://git-lfs")) {
    return other("a Git LFS pointer: get the file itself with `git lfs pull`.");
  }
  if (bytes.length > 9 && bytes.readBigUInt64LE() < 100_000_000n && text[8] === "{") {
    return is("safetensors");
  }
  if (text.slice(257, 262) === "ustar") {
    return other("a tar file: unpack it, or load and save it once with PyTorch 1.6 or later.");
  }
  if (/^(1f8b|377abcaf271c|526172211a07|fd377a585a00|425a68)/.test(hex)) {
    return other("a packed file: unpack it and name the .pth file in it.");
  }
  if (/^08[0-9a-f]{2}12/.test(hex)) {
    return other(
      "an ONNX model, which has no weights by name: give the .pth file it was made from.",
    );
  }
  if (hex.startsWith("89484446")) {
    return other("an HDF5 file, as Keras writes them: weights of PyTorch are needed.");
  }
  if (/^80[0-5]/.test(hex)) {
    return other("a plain pickle: save the weights with torch.save(network.state_dict(), file).");
  }
  if (/^\s*[{[]/.test(text)) return other("a text of JSON: name the .pth file beside it.");
  return other("something else: give a file that torch.save wrote, such as 16_Network.pth.");
}
