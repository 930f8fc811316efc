import type { DeliveryFaultKind } from '@osigu-sandbox/contract';
import { maxPerLane, type NotBegun, notBegun } from '../../engine/lanes.ts';
import { type Chain, createChain } from '../../platform/chain.ts';
import { realNow } from '../../platform/time.ts';
import { signedNow } from '../faults/signing.ts';
import { createDeadlines } from './deadlines.ts';
import type { SentPost } from './exchange.ts';
import type { OutgoingPost, Transport } from './transport.ts';

/** One attempt, with all that is needed to make it. */
export interface OutgoingAttempt {
  readonly subscription_id: string;
  readonly url: string;
  /** Live ones, newest first. */
  readonly secrets: readonly string[];
  readonly event_id: string;
  readonly event_type: string;
  readonly body: string;
  /** From 1. */
  readonly number: number;
  /** Injected into this attempt. */
  readonly fault: DeliveryFaultKind | null;
}

export interface SentAttempt extends SentPost {
  readonly began_at_real: number;
}

export interface Sender {
  /** What goes wrong with the receiver is an outcome; rejects only when the sender itself has gone. */
  send(attempt: OutgoingAttempt): Promise<SentAttempt | NotBegun>;
  close(): Promise<void>;
}

/**
 * Milliseconds after which an attempt that found no free connection is given back: whoever wants it sent looks again
 * where it goes, for its subscription may be paused meanwhile, or its secret another one.
 */
const patience = 50;

interface Line {
  open: number;
  readonly waiting: Chain<() => void>;
}

/** Signs and posts, over so many connections to each subscription; more of them wait a moment for a free one. */
export function createSender(transport: Transport): Sender {
  const deadlines = createDeadlines(patience);
  const lines = new Map<string, Line>();

  function lineOf(name: string): Line {
    const known = lines.get(name);
    if (known !== undefined) return known;
    const line: Line = { open: 0, waiting: createChain() };
    lines.set(name, line);
    return line;
  }

  async function begin(line: Line, attempt: OutgoingAttempt): Promise<SentAttempt> {
    line.open += 1;
    const began_at_real = realNow();
    const { response_status, error, response_excerpt, retry_after, latency_ms } = await transport.post(
      postOf(attempt),
    );
    line.open -= 1;
    follow(attempt.subscription_id, line);
    return { response_status, error, response_excerpt, retry_after, latency_ms, began_at_real };
  }

  function follow(name: string, line: Line): void {
    const next = line.waiting.first();
    if (next !== undefined) {
      line.waiting.remove(next);
      next.item();
    } else if (line.open === 0) lines.delete(name);
  }

  return {
    send: (attempt) => {
      const line = lineOf(attempt.subscription_id);
      if (line.open < maxPerLane && line.waiting.isEmpty()) return begin(line, attempt);
      return new Promise((resolve) => {
        const link = line.waiting.add(() => {
          stopWaiting();
          resolve(begin(line, attempt));
        });
        const stopWaiting = deadlines.begin(() => {
          line.waiting.remove(link);
          resolve(notBegun);
        });
      });
    },
    close: transport.close,
  };
}

function postOf({
  subscription_id,
  url,
  body,
  event_id,
  event_type,
  number,
  secrets,
  fault,
}: OutgoingAttempt): OutgoingPost {
  return {
    lane: subscription_id,
    url,
    body,
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'osigu-sandbox-webhooks/1',
      'X-Osigu-Event-Id': event_id,
      'X-Osigu-Event-Type': event_type,
      'X-Osigu-Delivery-Attempt': String(number),
      'X-Osigu-Signature': signedNow(fault, secrets, body),
    },
  };
}
