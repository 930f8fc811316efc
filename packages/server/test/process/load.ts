import { requestBody } from '../flows.ts';
import type { Json, Method, Reply, TestProvider } from '../harness.ts';

/** Many clients at work at once, and a book of everything that the program has acknowledged to them. */
export interface Load {
  /** Lets the clients loop until one of their calls breaks; resolves when the last one has ended. */
  run(clients: number): Promise<void>;
  /** Says that the program is about to be killed: calls may break from now on, and no client begins anew. */
  killIsNear(): void;
  /** Says that the program was asked to stop: calls that it does not take any more may break. */
  stopIsNear(): void;
  /** What was acknowledged: the path to read it by, and the last status. */
  readonly acknowledged: ReadonlyMap<string, string>;
  /** Authorizations that the asynchronous sponsor was acknowledged to decide. */
  readonly undecided: ReadonlySet<string>;
  /** Answers that are not allowed, and calls that broke while the program was up. */
  readonly violations: readonly string[];
  readonly broken: () => number;
}

interface Code {
  readonly code: string;
  /** Dispensed as these parts of the ten that are authorized; as a whole when absent. */
  readonly parts?: readonly number[];
}

export function createLoad(provider: TestProvider, random: () => number): Load {
  const acknowledged = new Map<string, string>();
  const undecided = new Set<string>();
  const violations: string[] = [];
  /** What a kill left halfway: the next run goes on with it. */
  const halfway: Code[] = [];
  let phase: 'up' | 'stopping' | 'killed' = 'up';
  let ended = false;
  let broken = 0;

  /** The answer, when it is one of those allowed; undefined when the end of the program broke the call. */
  async function attempt(
    allowed: readonly number[],
    method: Method,
    url: string,
    body?: unknown,
  ): Promise<Reply | undefined> {
    let reply: Reply;
    try {
      reply = await provider.call(method, url, body);
    } catch (error) {
      broken += 1;
      ended = true;
      if (phase === 'up')
        violations.push(`${method} ${url} broke: ${String((error as Error).cause ?? error)}`);
      return undefined;
    }
    if (allowed.includes(reply.status)) return reply;
    violations.push(`${method} ${url}: ${reply.status} ${reply.text}`);
    return undefined;
  }

  async function authorize(sponsor_slug: string): Promise<Json[]> {
    const url = '/arc/v1/authorization-requests';
    const initiated = await attempt([201], 'POST', url, requestBody(provider, { sponsor_slug }));
    if (initiated === undefined) return [];
    const path = `${url}/${initiated.body.authorization_request_id}`;
    acknowledged.set(path, initiated.body.status);
    const completed = await attempt([200], 'POST', `${path}/complete`);
    if (completed === undefined) return [];
    acknowledged.set(path, completed.body.status);
    for (const authorization of completed.body.authorizations) {
      acknowledged.set(`/arc/v1/authorizations/${authorization.authorization_id}`, authorization.status);
    }
    return completed.body.authorizations;
  }

  /** Answers false when it was broken off. */
  async function dispense(code: string, quantity?: number): Promise<boolean> {
    const url = '/dispensing/v1/dispensations';
    // Of a part, 422 says that less than that remains.
    const allowed = quantity === undefined ? [201, 409] : [201, 409, 422];
    const started = await attempt(allowed, 'POST', url, {
      code,
      beneficiary_id: provider.beneficiary(),
      ...(quantity !== undefined && { products: [{ product_code: 'MED-SBX-001', quantity }] }),
    });
    if (started?.status !== 201) return started !== undefined;
    const path = `${url}/${started.body.dispensation_id}`;
    acknowledged.set(path, started.body.status);
    const receipt = { document_number: 'FV-10021', document_date: '2026-01-15' };
    const completed = await attempt([200], 'POST', `${path}/complete`, receipt);
    if (completed === undefined) return false;
    acknowledged.set(path, completed.body.status);
    return true;
  }

  /** Each code is dispensed more often than it allows, at the same time. */
  async function dispenseAll(code: Code): Promise<void> {
    const tries = code.parts ?? [undefined, undefined];
    const whole = await Promise.all(tries.map((quantity) => dispense(code.code, quantity)));
    if (whole.includes(false)) halfway.push(code);
  }

  async function client(): Promise<void> {
    while (!ended) {
      const left = halfway.pop();
      if (left !== undefined) {
        await dispenseAll(left);
      } else if (random() < 0.25) {
        for (const { authorization_id } of await authorize('sponsor-sandbox-async')) {
          undecided.add(authorization_id);
        }
      } else {
        const [authorization] = await authorize('sponsor-sandbox-do');
        if (authorization === undefined) continue;
        const { authorization_code: code } = authorization;
        await dispenseAll(random() < 0.3 ? { code, parts: [4, 6, 6] } : { code });
      }
    }
  }

  return {
    run: async (clients) => {
      phase = 'up';
      ended = false;
      await Promise.all(Array.from({ length: clients }, client));
    },
    killIsNear: () => {
      phase = 'killed';
      ended = true;
    },
    stopIsNear: () => {
      phase = 'stopping';
    },
    acknowledged,
    undecided,
    violations,
    broken: () => broken,
  };
}

/** The same numbers for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
