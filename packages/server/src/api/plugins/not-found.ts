import type { FastifyInstance, HTTPMethods } from 'fastify';
import createRouter from 'find-my-way';
import { Fault, fault } from '../../platform/errors.ts';
import { answerFault } from '../errors.ts';

/** An id of any length is an id: an odd one is simply unknown. The parser limits the URL as a whole. */
export const routerOptions = { ignoreTrailingSlash: true, maxParamLength: 16_384 } as const;

/** 404 for what is no route, 405 with `Allow` for a route that has other methods. Installed before any route. */
export function installNotFound(app: FastifyInstance): void {
  const methodsOf = createMethodIndex();
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) methodsOf.add(each as HTTPMethods, url);
  });
  app.setNotFoundHandler((request, reply) => {
    const allowed = methodsOf.find(request.url);
    if (allowed.length === 0) return answerFault(fault('071-404-route'), request, reply);
    reply.header('allow', allowed.join(', '));
    return answerFault(new Fault('071-405'), request, reply);
  });
}

function createMethodIndex() {
  const router = createRouter(routerOptions);
  const methods = new Map<string, Set<string>>();
  return {
    add(method: HTTPMethods, url: string): void {
      const known = methods.get(url);
      if (known !== undefined) {
        known.add(method);
        return;
      }
      methods.set(url, new Set([method]));
      if (!url.includes('*')) router.on('GET', url, () => undefined, url);
    },
    find(url: string): string[] {
      const path = url.split('?', 1)[0] ?? url;
      const found = router.find('GET', path);
      return found === null ? [] : [...(methods.get(found.store as string) ?? [])].sort();
    },
  };
}
