import type { DeliveryFaultKind } from '@osigu-sandbox/contract';
import { connectionsInAll } from '../../engine/connections.ts';
import { type NotBegun, notBegun } from '../../engine/lanes.ts';
import { type Chain, createChain } from '../../platform/chain.ts';
import { after, monotonicNow, realNow } from '../../platform/time.ts';
import { signedNow } from '../faults/signing.ts';
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
  readonly name: string;
  open: number;
  readonly waiting: Chain<Waiting>;
  /** A timer looks at the first that waits when its time is over. */
  watched: boolean;
}

interface Waiting {
  readonly attempt: OutgoingAttempt;
  readonly resolve: (sent: SentAttempt | NotBegun) => void;
  /** Monotonic. */
  readonly until: number;
}

/** Signs and posts, over so many connections to each subscription; more of them wait a moment for a free one. */
export function createSender(
  transport: Transport,
  connections: () => number = () => connectionsInAll,
): Sender {
  const lines = new Map<string, Line>();

  function lineOf(name: string): Line {
    const known = lines.get(name);
    if (known !== undefined) return known;
    const line: Line = { name, open: 0, waiting: createChain(), watched: false };
    lines.set(name, line);
    return line;
  }

  function begin(line: Line, attempt: OutgoingAttempt, resolve: Waiting['resolve']): void {
    line.open += 1;
    const began_at_real = realNow();
    void transport.post(postOf(attempt)).then((sent) => {
      line.open -= 1;
      follow(line);
      resolve({ ...sent, began_at_real });
    });
  }

  function follow(line: Line): void {
    while (line.open < connections()) {
      const next = line.waiting.first();
      if (next === undefined) break;
      line.waiting.remove(next);
      begin(line, next.item.attempt, next.item.resolve);
    }
    if (line.open === 0) lines.delete(line.name);
  }

  function watch(line: Line): void {
    const next = line.waiting.first();
    line.watched = next !== undefined;
    if (next === undefined) return;
    after(Math.max(next.item.until - monotonicNow(), 1), () => {
      giveBack(line.waiting);
      watch(line);
    });
  }

  return {
    send: (attempt) =>
      new Promise((resolve) => {
        const line = lineOf(attempt.subscription_id);
        if (line.open < connections() && line.waiting.isEmpty()) return begin(line, attempt, resolve);
        line.waiting.add({ attempt, resolve, until: monotonicNow() + patience });
        if (!line.watched) watch(line);
      }),
    close: transport.close,
  };
}

/** Those whose time is over; they came in the order in which it ends. */
function giveBack(waiting: Chain<Waiting>): void {
  const now = monotonicNow();
  for (let next = waiting.first(); next !== undefined; next = waiting.first()) {
    if (next.item.until > now) return;
    waiting.remove(next);
    next.item.resolve(notBegun);
  }
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
