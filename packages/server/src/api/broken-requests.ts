import type { Socket } from 'node:net';
import { fault } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { errorBody } from './errors.ts';

/** What is not HTTP, or has headers beyond all measure, gets the envelope too; then the connection ends. */
export function answerBrokenRequest(_error: Error, socket: Socket): void {
  if (!socket.writable || socket.destroyed) return;
  const request_id = newId('request');
  const body = JSON.stringify(errorBody(fault('071-400-malformed'), request_id));
  socket.end(
    [
      'HTTP/1.1 400 Bad Request',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${request_id}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
