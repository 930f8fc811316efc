import Type from 'typebox';
import { Nullable, Timestamp, Words } from './common.ts';

/** What the live stream tells of. */
export const liveTypes = ['request', 'event', 'delivery'] as const;
export type LiveType = (typeof liveTypes)[number];

/** One call of the request log, without its bodies; also the data of a `request` of the live stream. */
export const LoggedRequest = Type.Object({
  log_id: Type.String({ description: 'Of this entry: a client may send one X-Request-Id several times.' }),
  request_id: Type.String(),
  at: Type.String({ format: 'date-time', description: "When it arrived, on the provider's clock." }),
  at_real: Timestamp,
  reset_at: Nullable(
    Type.String({ format: 'date-time', description: 'Of the last reset before it, in real time.' }),
  ),
  method: Type.String(),
  path: Type.String({ description: 'With the query.' }),
  route: Nullable(Type.String({ description: 'Null where no route matched.' })),
  status: Nullable(Type.Integer({ description: 'Null where the connection ended without an answer.' })),
  latency_ms: Type.Integer(),
  error_code: Nullable(Type.String()),
  client_id: Type.String(),
  idempotency: Nullable(Words(['NEW', 'REPLAYED'], { description: 'Null: it carried no Idempotency-Key.' })),
  fault: Nullable(Type.String({ description: 'The injected fault, where there was one.' })),
  request_bytes: Nullable(Type.Integer()),
  response_bytes: Nullable(Type.Integer()),
});

/** A body is JSON where it is whole; text, ending in `…`, where it was cut; null where it is not kept. */
export const LoggedRequestWithBodies = Type.Object({
  ...LoggedRequest.properties,
  request_type: Nullable(Type.String()),
  request_body: Type.Unknown(),
  response_type: Nullable(Type.String()),
  response_body: Type.Unknown(),
});
