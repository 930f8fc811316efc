import { LoggedRequest, LoggedRequestWithBodies, Page, PageQuery, Timestamp } from '@osigu-sandbox/contract';
import Type from 'typebox';
import type { RequestLog } from '../../core/requests/request-log.ts';
import type { Endpoints } from '../endpoint.ts';
import { pageOf, window } from '../paging.ts';
import { type ControlOptions, own, ProviderPath, providerIdOf } from './control.ts';

const RequestFilter = {
  method: Type.Optional(Type.String({ examples: ['POST'] })),
  path: Type.Optional(Type.String({ description: 'Part of the path or query.' })),
  status: Type.Optional(
    Type.String({
      pattern: '^([1-5][0-9][0-9]|[1-5]xx|none)$',
      description: 'One status, a class such as `4xx`, or `none`: no answer.',
    }),
  ),
  error_code: Type.Optional(Type.String({ examples: ['071-422-validation'] })),
  request_id: Type.Optional(Type.String()),
  from: Type.Optional(Timestamp),
  to: Type.Optional(Timestamp),
  min_latency_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  since_reset: Type.Optional(Type.Boolean({ description: 'Only calls after the last reset.' })),
};

/** The request log of a provider. What was answered before a call is in what that call reads. */
export function requestRoutes(endpoints: Endpoints, { units }: ControlOptions, requestLog: RequestLog): void {
  const { db } = units.store;
  const common = {
    method: 'GET',
    tag: 'Sandbox control',
    provenance: 'sandbox',
    access: own,
  } as const;
  const errors = ['071-404-provider', '071-403-provider-mismatch'] as const;

  endpoints.open({
    ...common,
    url: '/_sandbox/v1/providers/:provider_slug/requests',
    operationId: 'listRequests',
    summary: 'The last 10 000 calls, newest first',
    description:
      'Calls with a token of the provider, and calls of the token endpoint with its client id, refused ones included; ' +
      'none of the control surface. `from` and `to` are on the clock of the provider. A reset leaves the log alone: ' +
      '`reset_at` tells the runs apart.',
    params: ProviderPath,
    query: Type.Object({ ...RequestFilter, ...PageQuery }),
    answers: { 200: Page(LoggedRequest) },
    errors,
    exists: (params) => providerIdOf(db, params),
    open: async ({ params, request, query }) => {
      const provider_id = await providerIdOf(db, params);
      await requestLog.settle(provider_id);
      const { page: _page, size: _size, ...filter } = query;
      const { rows, total } = await requestLog.list(provider_id, filter, window(query));
      return pageOf(request, query, total, rows);
    },
  });

  endpoints.open({
    ...common,
    url: '/_sandbox/v1/providers/:provider_slug/requests/:request_id',
    operationId: 'getRequest',
    summary: 'One call with its bodies',
    description:
      'By `log_id`, or the newest call with this `request_id`. Secrets and file contents are replaced; bodies are cut ' +
      'at 8 192 characters.',
    params: Type.Object({ ...ProviderPath.properties, request_id: Type.String() }),
    answers: { 200: LoggedRequestWithBodies },
    errors: [...errors, '071-404-request'],
    open: async ({ params }) => {
      const provider_id = await providerIdOf(db, params);
      await requestLog.settle(provider_id);
      return requestLog.read(provider_id, params.request_id);
    },
  });
}
