import { Page, PageQuery, Restore, Restored, Snapshot, SnapshotCreate } from '@osigu-sandbox/contract';
import Type from 'typebox';
import { createSnapshots } from '../../core/providers/snapshots/snapshots.ts';
import { fault } from '../../platform/errors.ts';
import { created, ok } from '../answers.ts';
import type { Endpoints } from '../endpoint.ts';
import { pageOf, window } from '../paging.ts';
import { type ControlOptions, own, ProviderPath, providerIdOf } from './control.ts';

const tag = 'Sandbox control';
const errors = ['071-404-provider', '071-403-provider-mismatch'] as const;
const base = '/_sandbox/v1/providers/:provider_slug';

/** A provider's state kept at one moment, and brought back. */
export function snapshotRoutes(endpoints: Endpoints, { units, log }: ControlOptions): void {
  const { db } = units.store;
  const snapshots = createSnapshots(units);
  const common = {
    tag,
    provenance: 'sandbox',
    access: own,
  } as const;
  const exists = (params: { provider_slug: string }) => providerIdOf(db, params);

  endpoints.control({
    ...common,
    method: 'POST',
    url: `${base}/snapshots`,
    operationId: 'takeSnapshot',
    summary: 'Keep all that the provider holds at this moment',
    description:
      'Requests, authorizations, dispensations, claims, prescriptions, settlements, subscriptions, events, deliveries, the ' +
      'outbox, faults, work that is due later, and the clock. Credentials, tokens and limits are no part of it. A name ' +
      'belongs to the newest snapshot that was given it; the older one goes.',
    params: ProviderPath,
    body: SnapshotCreate,
    bodyExample: { name: 'base' },
    bodyOptional: true,
    answers: { 201: Snapshot },
    errors: [...errors, '071-422-snapshot-limit'],
    provider: exists,
    lock: 'exclusive',
    before: (provider_id, { body }) => snapshots.take(provider_id, body.name),
    write: async (uow, _input, taken) => created(await snapshots.keep(uow, taken)),
  });

  endpoints.open({
    ...common,
    method: 'GET',
    url: `${base}/snapshots`,
    operationId: 'listSnapshots',
    summary: 'Snapshots, newest first',
    params: ProviderPath,
    query: Type.Object(PageQuery),
    answers: { 200: Page(Snapshot) },
    errors,
    exists,
    open: async ({ params, request, query }) => {
      const { total, content } = await snapshots.list(await providerIdOf(db, params), window(query));
      return pageOf(request, query, total, content);
    },
  });

  endpoints.open({
    ...common,
    method: 'DELETE',
    url: `${base}/snapshots/:snapshot_id`,
    operationId: 'deleteSnapshot',
    summary: 'Forget a snapshot',
    params: Type.Object({ ...ProviderPath.properties, snapshot_id: Type.String() }),
    answers: { 204: undefined },
    errors: [...errors, '071-404-snapshot'],
    exists,
    open: async ({ params, reply }) => {
      await snapshots.remove(await providerIdOf(db, params), params.snapshot_id);
      return reply.code(204).send();
    },
  });

  endpoints.control({
    ...common,
    method: 'POST',
    url: `${base}/restore`,
    operationId: 'restoreSnapshot',
    summary: 'Bring a snapshot back',
    description:
      'By `snapshot_id` or `name`; the newest where neither is given. The same ids, the clock at the same moment, and what ' +
      'was due later is due again. Whoever reads meanwhile sees the provider before or after, never a mixture. Open ' +
      "dispensations and claims across two providers are cancelled on either side, as in a reset: the other provider's " +
      'state is not brought back.',
    params: ProviderPath,
    body: Restore,
    bodyExample: { name: 'base' },
    bodyOptional: true,
    answers: { 200: Restored },
    errors: [
      ...errors,
      '071-404-snapshot',
      '071-409-snapshot-outdated',
      '071-409-sponsor-missing',
      '071-409-ids-taken',
    ],
    provider: exists,
    lock: 'exclusive',
    before: (provider_id, { body }) => {
      if (body.snapshot_id !== undefined && body.name !== undefined) {
        throw fault('071-422-validation', {
          errors: [{ path: 'name', message: 'must be absent where snapshot_id is given' }],
        });
      }
      return snapshots.find(provider_id, body);
    },
    write: async (uow, _input, found) => ok(await snapshots.restore(uow, found)),
    done: ({ params }, { row }) =>
      log.info({ provider: params.provider_slug, snapshot_id: row.snapshot_id }, 'provider restored'),
  });
}
