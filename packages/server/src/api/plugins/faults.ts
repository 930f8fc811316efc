import type { RouteFault } from '@osigu-sandbox/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createRouteFaults, type MetRule } from '../../core/faults/meet.ts';
import { canReach } from '../../core/faults/paths.ts';
import type { Executor } from '../../store/statement.ts';
import { answerFault } from '../errors.ts';
import { injectedFault, replaceAnswer } from '../faulty-answers.ts';
import type { Caller } from '../request.ts';
import { createPauses } from './pauses.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The injected fault that this call met, in words, for whoever reads the log. */
    faultApplied: string | undefined;
    /** What is to become of the answer once its effect is committed. */
    faultAfter: RouteFault | undefined;
  }
}

const faultHeader = 'x-sandbox-fault';

export interface FaultInjection {
  /** Lets the call of a known client meet its provider's faults. Answers whether it is over: answered, or dropped. */
  meet(
    request: FastifyRequest,
    reply: FastifyReply,
    client: Pick<Caller, 'fault_plan_id' | 'reset_at_real'>,
  ): Promise<boolean>;
  /** Does to an answer that is ready what the fault says; undefined: the connection was dropped. */
  spoil(
    request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
  ): Promise<{ readonly payload: unknown } | undefined>;
  noteRoute(method: string, url: string): void;
  /** Whether any call that can be faulted has such a method and path. */
  reaches(method: string | undefined, pattern: string): boolean;
  /** Whoever is being kept waiting is answered now. */
  stop(): void;
}

export function createFaultInjection(db: Executor): FaultInjection {
  const faults = createRouteFaults(db);
  const pauses = createPauses();
  const routes: { readonly method: string; readonly url: string }[] = [];

  return {
    meet: async (request, reply, { fault_plan_id: plan_id, reset_at_real }) => {
      if (plan_id === null) return false;
      const met = await faults.meet({ plan_id, reset_at_real }, request.method, pathOf(request));
      if (met === undefined) return false;
      const { rule } = met;
      request.faultApplied = inWords(met);
      if (rule.when === 'after') {
        request.faultAfter = rule;
        return false;
      }
      if (rule.latency_ms !== undefined) await pauses.wait(rule.latency_ms);
      if (rule.drop === true) {
        dropConnection(reply);
        return true;
      }
      reply.header(faultHeader, request.faultApplied);
      if (rule.status === undefined) return false;
      // Not thrown: a failure on purpose is none for the operator's log.
      answerFault(injectedFault(rule.status, rule, request), request, reply);
      return true;
    },
    spoil: async (request, reply, payload) => {
      const { faultAfter: rule } = request;
      if (rule === undefined) return { payload };
      if (rule.latency_ms !== undefined) await pauses.wait(rule.latency_ms);
      if (rule.drop === true) {
        dropConnection(reply);
        return undefined;
      }
      reply.header(faultHeader, request.faultApplied);
      if (rule.status === undefined) return { payload };
      return { payload: replaceAnswer(injectedFault(rule.status, rule, request), request, reply) };
    },
    noteRoute: (method, url) => {
      routes.push({ method, url });
    },
    reaches: (method, pattern) =>
      routes.some((route) => (method ?? route.method) === route.method && canReach(pattern, route.url)),
    stop: pauses.end,
  };
}

/**
 * Installed after the authentication, so that a faulted call is a counted call of somebody known. The token endpoint,
 * which looks at credentials itself, lets its caller meet the faults itself; the control surface has none.
 */
export function installFaults(app: FastifyInstance, faults: FaultInjection | undefined): void {
  app.decorateRequest('faultApplied', undefined);
  app.decorateRequest('faultAfter', undefined);
  if (faults === undefined) return;
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access?.kind !== 'client' && config?.oauthErrors !== true) return;
    for (const each of [method].flat()) faults.noteRoute(each, url);
  });
  app.addHook('onRequest', (request, reply, done) => {
    const { caller } = request;
    const isFaultable = request.routeOptions.config.access?.kind === 'client';
    if (caller === undefined || caller.fault_plan_id === null || !isFaultable) {
      done();
      return;
    }
    faults.meet(request, reply, caller).then((isOver) => {
      if (!isOver) done();
    }, done);
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    if (request.faultAfter === undefined) {
      done(null, payload);
      return;
    }
    faults.spoil(request, reply, payload).then((spoilt) => {
      if (spoilt !== undefined) done(null, spoilt.payload);
    }, done);
  });
}

/** As the router takes it, but not decoded yet: a target may name a host and end with a fragment. */
function pathOf({ url }: FastifyRequest): string {
  return url.replace(/^https?:\/\/.*?\//, '/').split(/[?#]/, 1)[0] ?? '';
}

function inWords({ rule, position }: MetRule): string {
  return [
    ...(rule.status === undefined ? [] : [`status=${rule.status}`]),
    ...(rule.drop === true ? ['drop'] : []),
    ...(rule.latency_ms === undefined ? [] : [`latency_ms=${rule.latency_ms}`]),
    ...(rule.when === 'after' ? ['when=after'] : []),
    `rule=routes[${position}]`,
  ].join('; ');
}

/** Ends the connection without an answer. Status 0 stands for that in the log. */
function dropConnection(reply: FastifyReply): void {
  reply.hijack();
  reply.raw.statusCode = 0;
  reply.raw.destroy();
  // Nothing else would tell Fastify, and with it those who observe, that the call is over.
  reply.raw.emit('error', new Error('The connection was dropped by an injected fault'));
}
