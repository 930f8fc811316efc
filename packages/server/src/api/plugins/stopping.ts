import type { FastifyInstance } from 'fastify';
import { every } from '../../platform/time.ts';

const lookInterval = 50;

/**
 * Stopping closes the connections that are idle at that moment; one that still has a call in it is kept open by its
 * client after the answer and would hold the process for the rest of its time. It is closed once it is idle.
 */
export function installStopping(app: FastifyInstance): void {
  app.addHook('preClose', async () => {
    if (!app.server.listening) return;
    const stopLooking = every(lookInterval, () => app.server.closeIdleConnections());
    app.server.once('close', stopLooking);
  });
}
