/** Bytes that are read by range: of a file, of a URL, or in memory. */
export interface ByteSource {
  /** All bytes there are. */
  readonly size: number;
  /** The bytes from `start` to before `end`, both within the size, in an array of their own. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** Gives back what the source holds, such as an open file. */
  close(): Promise<void>;
}

/** A source of bytes that are in memory already. */
export function bytesInMemory(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (start, end) => bytes.slice(start, end),
    close: async () => {},
  };
}
