/**
 * How an answer was made, kept in its file as XMP. The command may thus repeat itself: it replaces
 * what the same settings gave for the same photo, and nothing else.
 */
import { escapeHtml } from "../util/html.ts";
import { sharp } from "./sharp.ts";

export interface AnswerRecord {
  /** JSON of everything that decides about the pixels beside the photo. */
  readonly settings: string;
  /** A digest of the photo's bytes, and of other files that were read for it. */
  readonly source: string;
}

const namespace = "urn:palette-diffusion:answer:1";

/** The record as an XMP packet for `writeImage`. */
export function recordXmp({ settings, source }: AnswerRecord): string {
  const attributes = [
    'rdf:about=""',
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/"',
    `xmlns:palette="${namespace}"`,
    'xmp:CreatorTool="palette-diffusion"',
    `palette:settings="${escapeHtml(settings)}"`,
    `palette:source="${source}"`,
  ];
  return [
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>',
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
    `<rdf:Description ${attributes.join(" ")}/>`,
    "</rdf:RDF></x:xmpmeta>",
    '<?xpacket end="w"?>',
  ].join("");
}

/** Whether the file is an image that says that it was made with these settings, of this source. */
export async function holdsRecord(path: string, record: Partial<AnswerRecord>): Promise<boolean> {
  const { xmp } = await sharp(path)
    .metadata()
    .catch(() => ({ xmp: undefined }));
  if (xmp === undefined) return false;
  const text = xmp.toString("utf8");
  const { settings, source } = record;
  return (
    (settings === undefined || text.includes(` palette:settings="${escapeHtml(settings)}"`)) &&
    (source === undefined || text.includes(` palette:source="${source}"`))
  );
}
