import type { FastifyInstance } from 'fastify';
import { afterArrivals } from '../../platform/time.ts';

/**
 * Answers that become ready in one turn of the event loop are sent one right after the other at its end. A write to a
 * socket whose reader sleeps costs several times as much as one whose reader is up already, and more than most of a
 * call; so the first answer of a turn wakes them up and the others find them awake.
 */
export function installSending(app: FastifyInstance): void {
  let ready: (() => void)[] = [];
  const sendAll = () => {
    const sending = ready;
    ready = [];
    for (const send of sending) send();
  };
  app.addHook('onSend', (_request, _reply, payload, done) => {
    if (ready.length === 0) afterArrivals(sendAll);
    ready.push(() => done(null, payload));
  });
}
