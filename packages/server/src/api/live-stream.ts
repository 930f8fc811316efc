import type { ServerResponse } from 'node:http';
import type { LiveType } from '@osigu-sandbox/contract';
import type { Live, LiveItem } from '../engine/live.ts';
import { every, second } from '../platform/time.ts';

export interface LiveStreamOptions {
  readonly live: Live;
  readonly provider_id: string;
  /** None: all. */
  readonly types?: ReadonlySet<LiveType> | undefined;
  /** The id of the last item that the client has seen. */
  readonly since?: string | undefined;
  readonly heartbeat?: number;
  /** Bytes that may wait for a client that does not read. */
  readonly maxWaiting?: number;
}

const standardHeartbeat = 15 * second;
const standardWaiting = 256 * 1024;
/** A client that has read nothing of what waits for it for so many heartbeats has gone. */
const patience = 4;
const reconnectAfter = 2 * second;

/**
 * Server-sent events over an answer whose head is written: items as they are published, and a comment now and then
 * that keeps the connection open. What a slow client does not read is skipped, which a `gap` tells it. Answers a
 * function that ends it.
 */
export function streamLive(response: ServerResponse, options: LiveStreamOptions): () => void {
  const { live, provider_id, types, since, maxWaiting = standardWaiting } = options;
  let skipped = 0;
  let stalled = 0;

  const wants = (item: LiveItem) => types === undefined || types.has(item.type);
  const isFull = () => response.writableLength > maxWaiting;

  function tellGap(): void {
    if (skipped === 0) return;
    response.write(gap({ reason: 'slow', skipped }));
    skipped = 0;
  }

  function send(item: LiveItem): void {
    if (!wants(item)) return;
    if (isFull()) {
      skipped += 1;
      return;
    }
    tellGap();
    response.write(`id: ${item.id}\nevent: ${item.type}\ndata: ${item.data}\n\n`);
  }

  const stopBeating = every(options.heartbeat ?? standardHeartbeat, () => {
    stalled = isFull() ? stalled + 1 : 0;
    if (stalled >= patience) response.destroy();
    else if (stalled === 0) {
      tellGap();
      response.write(': \n\n');
    }
  });
  const watch = live.watch(provider_id, send, since);
  response.on('drain', tellGap);
  response.on('close', () => {
    stopBeating();
    watch.end();
  });

  response.write(`retry: ${reconnectAfter}\n\n`);
  if (watch.missed === undefined) response.write(gap({ reason: 'unknown_id' }));
  else for (const item of watch.missed) send(item);
  return () => response.end();
}

function gap(data: { readonly reason: 'slow' | 'unknown_id'; readonly skipped?: number }): string {
  return `event: gap\ndata: ${JSON.stringify(data)}\n\n`;
}
