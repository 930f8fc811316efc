import type { FastifyInstance } from 'fastify';
import { arrivals, monotonicNow, second } from '../platform/time.ts';

/** Callers who keep coming do not keep the process. */
const patience = second;

/**
 * The kernel connects callers before the process takes note of them, which it does one a turn. Those who are connected
 * have sent a call: they are let in before the door is closed, for closing it would break them off.
 */
export async function letInWhoWaits({ server }: FastifyInstance): Promise<void> {
  let came = true;
  const note = () => {
    came = true;
  };
  server.on('connection', note);
  const giveUpAt = monotonicNow() + patience;
  while (came && monotonicNow() < giveUpAt) {
    came = false;
    await arrivals();
  }
  server.off('connection', note);
}
