import type { Readable } from 'node:stream';

const excerptBytes = 2_048;
/** An answer up to this is read to its end, so that the connection can be used again; a longer one is cut off. */
const readableBytes = 64 * 1024;

/** The first 2 kB of an answer as text. Memory stays bounded however long the answer is. */
export async function readExcerpt(body: Readable): Promise<string | null> {
  // Cutting off an answer makes its stream report an error that nobody waits for.
  body.on('error', () => {});
  const kept: Buffer[] = [];
  let read = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (read < excerptBytes) kept.push(Buffer.from(chunk.subarray(0, excerptBytes - read)));
    read += chunk.length;
    if (read > readableBytes) break;
  }
  return read === 0 ? null : toText(Buffer.concat(kept));
}

function toText(bytes: Buffer): string {
  // Streaming: a character that the cut split is left out. PostgreSQL has no text with NUL in it.
  return new TextDecoder().decode(bytes, { stream: true }).replaceAll('\u0000', '\ufffd');
}
