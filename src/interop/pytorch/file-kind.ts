/** What a file is that was given as a checkpoint, by its first bytes. */
import { PaletteError } from "../../util/errors.ts";

/** Files that hold weights: of PyTorch since 1.6, of PyTorch before, of safetensors. */
export type FileKind = "zip" | "legacy" | "safetensors";

/** The pickle of the number 0x1950a86a20f9469cfc6c: `torch.save` before 1.6 began with it. */
const legacyMagic = "80028a0a6cfc9c46f920";

const webPage = /^\s*(\ufeff|\u00ef\u00bb\u00bf)?\s*<(!doctype|html|\?xml|head|!--)/i;

/**
 * @param head the file's first bytes, 4096 of them if there are so many
 * @throws PaletteError saying what the file is and what to do, if it is none of these.
 */
export function kindOfFile(head: Uint8Array, source: string): FileKind {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const hex = bytes.subarray(0, 16).toString("hex");
  const text = bytes.toString("latin1");
  if (/^504b0(304|506)/.test(hex)) return "zip";
  if (hex.startsWith(legacyMagic)) return "legacy";
  const begun = bytes.length > 9 && bytes.readBigUInt64LE() < 100_000_000n && text[8] === "{";
  if (begun && !webPage.test(text)) return "safetensors";
  const others: [boolean, string][] = [
    [bytes.length === 0, "an empty file: download it again."],
    [
      webPage.test(text),
      "a web page: the download failed (Google Drive asks before it hands out large files); open the link in a browser.",
    ],
    [
      text.startsWith("version https://git-lfs"),
      "a Git LFS pointer: get the file itself with `git lfs pull`.",
    ],
    [
      text.slice(257, 262) === "ustar",
      "a tar file: unpack it, or load and save it once with PyTorch 1.6 or later.",
    ],
    [
      /^(1f8b|377abcaf271c|526172211a07|fd377a585a00|425a68)/.test(hex),
      "a packed file: unpack it and name the .pth file in it.",
    ],
    [
      /^08[0-9a-f]{2}12/.test(hex),
      "an ONNX model, which has no weights by name: give the .pth file it was made from.",
    ],
    [
      hex.startsWith("89484446"),
      "an HDF5 file, as Keras writes them: weights of PyTorch are needed.",
    ],
    [
      /^80[0-5]/.test(hex),
      "a plain pickle: save the weights with torch.save(network.state_dict(), file).",
    ],
    [/^\s*[{[]/.test(text), "a text of JSON: name the .pth file beside it."],
    [true, "something else: give a file that torch.save wrote, such as 16_Network.pth."],
  ];
  const [, what] = others.find(([is]) => is)!;
  throw new PaletteError(`${source} is no PyTorch checkpoint but ${what}`);
}
