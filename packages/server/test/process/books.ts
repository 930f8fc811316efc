import type { Json, TestProvider } from '../harness.ts';
import type { Load } from './load.ts';

/** What was acknowledged to the clients of a load, held against what a sandbox shows afterwards. */

const later: Readonly<Record<string, readonly string[]>> = {
  PENDING_INDICATION: ['PENDING_INDICATION', 'PENDING_SPONSOR', 'COMPLETED'],
  PENDING_SPONSOR: ['COMPLETED', 'APPROVED'],
  APPROVED: ['APPROVED', 'PARTIALLY_REDEEMED', 'REDEEMED'],
  STARTED: ['COMPLETED', 'CANCELLED'],
  COMPLETED: ['COMPLETED'],
};

/** What is not there any more, or is in a state that does not follow the one acknowledged. */
export async function wrongStatuses(provider: TestProvider, { acknowledged }: Load): Promise<string[]> {
  const wrong: string[] = [];
  const rest = [...acknowledged];
  const reader = async () => {
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      const [path, status] = next;
      const { body } = await provider.call('GET', path);
      if (!later[status]?.includes(body?.status)) wrong.push(`${path}: ${status}, now ${body?.status}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, reader));
  return wrong;
}

/** Authorizations of which more was dispensed than they allow, or other than they say. */
export function wrongRedemptions(authorizations: readonly Json[], dispensations: readonly Json[]): string[] {
  const redeemed = new Map<string, number>();
  for (const { code, status, products } of dispensations) {
    if (status !== 'COMPLETED') continue;
    const quantity = products.reduce((sum: number, line: Json) => sum + line.quantity, 0);
    redeemed.set(code, (redeemed.get(code) ?? 0) + quantity);
  }
  return authorizations.flatMap(({ authorization_code: code, products: [line] }) => {
    const sum = redeemed.get(code) ?? 0;
    const right = sum <= line.authorized_quantity && sum === line.redeemed_quantity;
    return right
      ? []
      : [`${code}: ${sum} dispensed, ${line.redeemed_quantity} of ${line.authorized_quantity}`];
  });
}

/** One of each, whether the caller saw the answer or the kill came before it. */
export function expectedEvents(authorizations: readonly Json[], dispensations: readonly Json[]): string[] {
  return [
    ...decidedLater(authorizations).map((id) => `authorization.created ${id}`),
    ...dispensations.flatMap(({ dispensation_id, status }) => [
      `dispensing.started ${dispensation_id}`,
      `dispensing.${status.toLowerCase()} ${dispensation_id}`,
    ]),
  ].sort();
}

/** Of the asynchronous sponsor. */
export function decidedLater(authorizations: readonly Json[]): string[] {
  return authorizations
    .filter(({ sponsor_slug }) => sponsor_slug === 'sponsor-sandbox-async')
    .map(({ authorization_id }) => authorization_id);
}

export function eventNames(events: readonly Json[]): string[] {
  return events
    .map(
      ({ event_type, data }) =>
        `${event_type} ${data.dispensation_id ?? data.authorization_id ?? data.prescription_id}`,
    )
    .sort();
}
