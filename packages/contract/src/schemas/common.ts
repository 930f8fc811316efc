import Type, { type Static, type TSchema } from 'typebox';
import { type IdentifierKind, identifierPrefixes } from '../identifiers.ts';

/** A string enumeration that documents itself. */
export function Words<const T extends readonly string[]>(words: T, options: Record<string, unknown> = {}) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...words], ...options });
}

/** With a list of types where that says it: a serialiser need not validate to choose between two schemas. */
export function Nullable<T extends TSchema>(schema: T) {
  const { type, enum: words } = schema as { type?: unknown; enum?: readonly unknown[] };
  const isPlain = type === 'string' || type === 'integer' || type === 'number' || type === 'boolean';
  return Type.Unsafe<Static<T> | null>(
    isPlain
      ? { ...schema, type: [type, 'null'], ...(words && { enum: [...words, null] }) }
      : { anyOf: [schema, { type: 'null' }] },
  );
}

/** `prefix_` + ULID. Incoming ids are opaque strings: an odd one is simply unknown. */
export function Id(kind: IdentifierKind, description?: string) {
  const prefix = identifierPrefixes[kind];
  return Type.String({
    minLength: 1,
    maxLength: 64,
    description: description ?? `\`${prefix}_\` + ULID`,
    examples: [`${prefix}_01JG0000000000000000000000`],
  });
}

export const Text = (maxLength: number, options: Record<string, unknown> = {}) =>
  Type.String({ minLength: 1, maxLength, ...options });

/** ISO 8601, UTC, milliseconds, `Z`. */
export const Timestamp = Type.String({ format: 'date-time', examples: ['2026-01-15T14:03:22.000Z'] });
export const CalendarDate = Type.String({ format: 'date', examples: ['1985-04-12'] });

/** At most two decimals, in units of `currency_code`. */
export const Money = Type.Number({ examples: [12500.5] });
/** Money in a request: not negative, at most two decimals. */
export const MoneyInput = Type.Number({
  minimum: 0,
  maximum: 1e12,
  multipleOfCents: true,
  examples: [12500.5],
});
export const CurrencyCode = Type.String({ minLength: 3, maxLength: 3, examples: ['COP'] });

export const Quantity = Type.Integer({ minimum: 1, maximum: 100_000, examples: [30] });
export const ProductCode = Type.String({ minLength: 1, maxLength: 64, examples: ['MED-SBX-001'] });
export const SponsorSlug = Type.String({ minLength: 1, maxLength: 100, examples: ['sponsor-sandbox'] });
export const ProviderSlug = Type.String({ minLength: 1, maxLength: 100, examples: ['clinic-example'] });

/** The one error envelope. `code` and `error_code` are always equal. */
export const ErrorEnvelope = Type.Object(
  {
    code: Type.String(),
    error_code: Type.String(),
    message: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
    request_id: Type.String(),
  },
  { $id: 'Error', title: 'Error' },
);

export const PageQuery = {
  page: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'From 0.' })),
  size: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Default 15; over 100 counts as 100.',
    }),
  ),
};

export function Page<T extends TSchema>(item: T) {
  return Type.Object({
    content: Type.Array(item),
    page: Type.Object({
      size: Type.Integer(),
      total_elements: Type.Integer({
        description: 'Counted up to 10 000: then at least so many. `next` goes on as long as there is more.',
      }),
      total_pages: Type.Integer(),
      number: Type.Integer(),
    }),
    links: Type.Array(
      Type.Object({ rel: Words(['self', 'first', 'prev', 'next', 'last']), href: Type.String() }),
    ),
  });
}
