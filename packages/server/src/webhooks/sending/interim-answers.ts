import type { Socket } from 'node:net';
import { buildConnector } from 'undici';

/**
 * Makes connections that leave out what a receiver says before its answer (RFC 9110 15.2), `100 Continue` above all,
 * which some old servers say though nobody asked: undici takes that for a broken answer and closes, after the receiver
 * got the post.
 */
export function createConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector(options);
  return (target, callback) =>
    connect(target, (...made) => {
      if (made[0] === null) leaveOutInterim(made[1]);
      callback(...made);
    });
}

/** undici reads its sockets with `read`, and with nothing else. */
function leaveOutInterim(socket: Socket): void {
  const read = socket.read.bind(socket);
  const past = createFilter();
  socket.read = (size?: number) => {
    // Node.js itself looks for more with a size of 0.
    if (size !== undefined) return read(size);
    for (let chunk: Buffer | null = read(); chunk !== null; chunk = read()) {
      const rest = past(chunk, socket.bytesWritten);
      if (rest !== null) return rest;
    }
    return null;
  };
}

const interim = /^HTTP\/1\.[01] 1(?!01)\d\d[ \r]/;
const wholeHead = /^[\s\S]*?\r\n\r\n/;
const maxHead = 4_096;

/**
 * Answers what is left of a chunk, null for nothing. Only before the head of an answer is anything left out: a body
 * may hold what it likes, and what comes unasked is for undici to refuse.
 */
export function createFilter(): (chunk: Buffer, bytesWritten: number) => Buffer | null {
  let answered = 0;
  let held: Buffer | undefined;
  return (chunk, bytesWritten) => {
    if (bytesWritten === answered) return chunk;
    let rest = held === undefined ? chunk : Buffer.concat([held, chunk]);
    held = undefined;
    while (mayBeInterim(rest)) {
      const length = wholeHead.exec(rest.toString('latin1', 0, maxHead))?.[0].length;
      if (length === undefined) break;
      rest = rest.subarray(length);
    }
    if (rest.length === 0) return null;
    if (mayBeInterim(rest) && rest.length < maxHead) {
      held = rest;
      return null;
    }
    answered = bytesWritten;
    return rest;
  };
}

/** As far as it came. 101 is an answer, though none that a post can have. */
function mayBeInterim(bytes: Buffer): boolean {
  // Of nearly every answer the tenth byte says that it is not.
  if (bytes.length > 9 && bytes[9] !== 0x31) return false;
  const begun = bytes.toString('latin1', 0, 13);
  return interim.test(begun + 'HTTP/1.1 100 '.slice(begun.length));
}
