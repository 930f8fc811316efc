import Type from 'typebox';
import { scopes } from '../scopes.ts';
import { type CountryCode, countries } from '../vocabulary.ts';
import { Id, Nullable, Text, Timestamp, Words } from './common.ts';
import { Doctor } from './prescriptions.ts';

const Slug = Type.String({
  pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$',
  description: 'Lowercase letters, digits and hyphens.',
  examples: ['clinic-example'],
});

export const ProviderCreate = Type.Object({
  provider_slug: Slug,
  name: Text(120),
  country_code: Words(Object.keys(countries) as CountryCode[]),
  contact_email: Type.Optional(Type.String({ format: 'email', maxLength: 254 })),
  scopes: Type.Optional(Type.Array(Words(scopes), { minItems: 1, uniqueItems: true })),
  seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
});

export const Provider = Type.Object({
  provider_id: Type.String(),
  provider_slug: Type.String(),
  name: Type.String(),
  country_code: Type.String(),
  contact_email: Nullable(Type.String()),
  client_id: Type.String(),
  scopes: Type.Array(Type.String()),
  created_at: Timestamp,
  reset_at: Nullable(Timestamp),
});

export const OnboardingSheet = Type.Object({
  provider_id: Type.String(),
  provider_slug: Type.String(),
  name: Type.String(),
  country_code: Type.String(),
  provider_branch_id: Type.String(),
  provider_branch_timezone: Type.String(),
  environment: Type.String(),
  credentials: Type.Object({
    client_id: Type.String(),
    client_secret: Type.Optional(
      Type.String({ description: 'Only in the answer that creates the provider.' }),
    ),
    scopes: Type.Array(Type.String()),
  }),
  urls: Type.Object({
    api: Type.String(),
    token: Type.String(),
    jwks: Type.String(),
    docs: Type.String(),
    openapi: Type.String(),
  }),
  limits: Type.Object({
    requests_per_minute: Type.Integer(),
    token_requests_per_minute: Type.Integer(),
  }),
  sponsors: Type.Array(
    Type.Object({
      sponsor_slug: Type.String(),
      name: Type.String(),
      evaluation: Type.String(),
      currency_code: Type.String(),
      behaviour: Type.String(),
      search_examples: Type.Array(
        Type.Record(Type.String(), Type.String(), {
          description:
            'Body of a search with one of the forms: it finds the person of the guides, or else the first by document ' +
            'number whom the form can find. A form has none that finds nobody, or for which no value can be made up.',
        }),
      ),
    }),
  ),
  beneficiaries: Type.Array(
    Type.Object({
      beneficiary_id: Type.String(),
      first_name: Type.String(),
      last_name: Type.String(),
      relationship: Type.String(),
      coverage_active: Type.Boolean(),
      note: Type.String(),
      search: Type.Object({
        'national-id': Type.Object({ document_type: Type.String(), document_number: Type.String() }),
        'member-id': Type.Object({ member_id: Type.String() }),
      }),
    }),
  ),
  doctors: Type.Array(Doctor),
  never_found: Type.Object({ document_type: Type.String(), document_number: Type.String() }),
  products: Type.Array(
    Type.Object({
      product_code: Type.String(),
      product_id: Type.Integer(),
      product_type: Type.String(),
      name: Type.String(),
      registered: Type.Boolean(),
    }),
  ),
  magic_codes: Type.Array(Type.Object({ product_code: Type.String(), behaviour: Type.String() })),
  magic_values: Type.Array(
    Type.Object({ value: Type.String(), where: Type.String(), effect: Type.String() }),
  ),
});

export const Clock = Type.Object({
  now: Timestamp,
  offset_seconds: Type.Number({
    description:
      "How far ahead of real time this provider's clock is; below zero after an older moment was restored.",
  }),
});

export const ClockAdvance = Type.Object({
  seconds: Type.Optional(Type.Number({ minimum: 0, maximum: 315_360_000 })),
  to: Type.Optional(Timestamp),
});

export const ClockAdvanced = Type.Object({
  now: Timestamp,
  fired: Type.Integer({ description: 'How many pieces of due work ran before this answer.' }),
});

const SnapshotName = Text(120, { examples: ['base'] });

export const SnapshotCreate = Type.Object({ name: Type.Optional(SnapshotName) });

export const Snapshot = Type.Object({
  snapshot_id: Id('snapshot'),
  name: Nullable(Type.String()),
  clock: { ...Timestamp, description: "What the provider's clock showed." },
  rows: Type.Integer(),
  bytes: Type.Integer({ description: 'As it is stored, compressed.' }),
  created_at: { ...Timestamp, description: 'In real time.' },
});

export const Restore = Type.Object({
  snapshot_id: Type.Optional(Id('snapshot')),
  name: Type.Optional(SnapshotName),
});

export const Restored = Type.Object({
  ...Snapshot.properties,
  now: { ...Timestamp, description: "What the provider's clock shows, and goes on from." },
});

export const Limits = Type.Object({
  requests_per_minute: Type.Integer({ minimum: 1, maximum: 10_000_000 }),
  token_requests_per_minute: Type.Integer({ minimum: 1, maximum: 10_000_000 }),
});

export const LimitLiftCreate = Type.Object({
  ends_at: Timestamp,
  starts_at: Type.Optional(Timestamp),
  requests_per_minute: Type.Integer({ minimum: 1, maximum: 10_000_000 }),
  token_requests_per_minute: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
  reason: Text(500),
});

export const LimitLift = Type.Object({
  starts_at: Timestamp,
  ends_at: Timestamp,
  requests_per_minute: Type.Integer(),
  token_requests_per_minute: Nullable(Type.Integer()),
  reason: Type.String(),
});

export const LimitsState = Type.Object({ ...Limits.properties, lifts: Type.Array(LimitLift) });

export const OutboxEntry = Type.Object({
  outbox_id: Type.String(),
  channel: Words(['SMS', 'EMAIL']),
  to: Type.String(),
  subject: Nullable(Type.String()),
  body: Type.String(),
  otp_code: Type.Optional(Type.String()),
  created_at: Timestamp,
});

export const Credentials = Type.Object({ client_id: Type.String(), client_secret: Type.String() });
