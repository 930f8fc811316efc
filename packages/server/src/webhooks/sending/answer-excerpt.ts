const excerptBytes = 2_048;
/** An answer up to this is read to its end, so that the connection can be used again; a longer one is cut off. */
const readableBytes = 64 * 1024;

/** The first 2 kB of an answer as text. Memory stays bounded however long the answer is. */
export interface Excerpt {
  /** False: enough was read, the rest need not come. */
  add(chunk: Buffer): boolean;
  text(): string | null;
}

export function createExcerpt(): Excerpt {
  const kept: Buffer[] = [];
  let read = 0;
  return {
    add: (chunk) => {
      if (read < excerptBytes) kept.push(Buffer.from(chunk.subarray(0, excerptBytes - read)));
      read += chunk.length;
      return read <= readableBytes;
    },
    text: () => (read === 0 ? null : toText(Buffer.concat(kept))),
  };
}

function toText(bytes: Buffer): string {
  // Streaming: a character that the cut split is left out. PostgreSQL has no text with NUL in it.
  return new TextDecoder().decode(bytes, { stream: true }).replaceAll('\u0000', '\ufffd');
}
