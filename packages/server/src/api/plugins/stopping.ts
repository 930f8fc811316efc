import type { FastifyInstance } from 'fastify';
import { every, monotonicNow, sleep } from '../../platform/time.ts';

const lookInterval = 50;

/**
 * Stopping closes the connections that are idle at that moment, also one over which a call is just coming, which would
 * break. So for `patience` ms calls are still taken, and each answer says that its connection is closed after it
 * (Fastify does). A connection that still has a call in it then is closed once it is idle, for its client would hold
 * the process.
 */
export function installStopping(app: FastifyInstance, patience: number): void {
  app.addHook('preClose', async () => {
    if (!app.server.listening) return;
    const until = monotonicNow() + patience;
    while (monotonicNow() < until && (await openConnections(app)) > 0) await sleep(lookInterval);
    const stopLooking = every(lookInterval, () => app.server.closeIdleConnections());
    app.server.once('close', stopLooking);
  });
}

function openConnections({ server }: FastifyInstance): Promise<number> {
  return new Promise((resolve) => {
    server.getConnections((_, count) => resolve(count ?? 0));
  });
}
