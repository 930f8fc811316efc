import type { FastifyInstance } from 'fastify';
import { newId } from '../../platform/ids.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';

const saneRequestId = /^[A-Za-z0-9._:-]{1,128}$/;

/** A sane request id of the client is kept; every answer carries one. */
export function requestIdOf(headers: Readonly<Record<string, string | string[] | undefined>>): string {
  const sent = headers['x-request-id'];
  return typeof sent === 'string' && saneRequestId.test(sent) ? sent : newId('request');
}

/**
 * One log line and one measurement per answered request; never a body, a token or a query. What is slow or fails on
 * purpose is only counted.
 */
export function installObservation(app: FastifyInstance, metrics: Metrics, log: Log): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    const status = reply.statusCode;
    if (request.faultApplied !== undefined) metrics.injectedFaults.inc({ surface: 'call' });
    else {
      const labels = { method: request.method, route, status: String(status) };
      metrics.requests.observe(labels, reply.elapsedTime / 1_000);
    }
    log.info(
      {
        request_id: request.id,
        method: request.method,
        route,
        status,
        latency_ms: Math.round(reply.elapsedTime * 10) / 10,
        provider: request.caller?.provider_slug,
        error_code: request.errorCode,
      },
      'request',
    );
    done();
  });
}
