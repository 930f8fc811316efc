import Type, { type Static, type TSchema } from 'typebox';
import { claimKinds, productTypes, rejectionCodes, serviceTypeCodes } from '../vocabulary.ts';
import { MoneyInput, Text, Words } from './common.ts';

/** Unknown members are refused: a typo in a profile must not be silently ignored. */
export const strict = { additionalProperties: false } as const;

/** A variant as it is written here: a TypeBox object with a literal in its tag. */
interface Alternative extends TSchema {
  readonly properties: Readonly<Record<string, TSchema>>;
}

/**
 * One of several objects, told apart by the member `tag`; what is wrong is told of the one that was meant. Where that is
 * none, of the members by themselves: what a variant has in common with another has the same bounds in both.
 */
export function Variant<T extends Alternative>(tag: string, variants: readonly T[], description: string) {
  const properties = Object.assign({}, ...variants.toReversed().map((variant) => variant.properties));
  const words = variants.map((variant) => (variant.properties[tag] as { readonly const?: string }).const);
  return Type.Unsafe<Static<T>>({
    type: 'object',
    description,
    discriminator: { propertyName: tag },
    required: [tag],
    properties: { ...properties, [tag]: { enum: words } },
    additionalProperties: false,
    oneOf: variants,
  });
}

/** The `multipleOfCents` of ours, in words: whatever else reads a schema does not know it. */
export const cents = (description: string) => `${description} At most two decimals.`;

const some = { minItems: 1, maxItems: 200, uniqueItems: true } as const;

const Pattern = (what: string, examples: readonly string[]) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 64, pattern: '^[^*]*\\*?$' }), {
    ...some,
    description: `${what}; one that ends in * stands for all that begin so.`,
    examples: [examples],
  });

const Amount = (description: string) => Type.Optional({ ...MoneyInput, description: cents(description) });
const Units = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000, description }));

const ofProducts = {
  product_codes: Type.Optional(Pattern('Codes of the catalogue', ['MED-SBX-0*', 'CONS-GEN'])),
  product_types: Type.Optional(Type.Array(Words(productTypes), { ...some, description: 'Product types.' })),
};

const DecisionCondition = Type.Object(
  {
    ...ofProducts,
    diagnosis_codes: Type.Optional(
      Pattern('ICD-10 codes, any of which is a diagnosis of the request', ['E11*']),
    ),
    plan_codes: Type.Optional(
      Type.Array(Text(64), { ...some, description: 'Plans of the synthetic people: docs/fixtures.md.' }),
    ),
    benefits_exhausted: Type.Optional(
      Type.Boolean({ description: 'Whether the person has used the benefits of the plan up.' }),
    ),
    authorization_types: Type.Optional(
      Type.Array(Text(64), { ...some, description: 'authorization_type of the request.' }),
    ),
    service_type_codes: Type.Optional(
      Type.Array(Words(serviceTypeCodes), { ...some, description: 'service_type_code of the request.' }),
    ),
    quantity_over: Units('More units than this are asked for.'),
    quantity_under: Units('Fewer units than this are asked for.'),
    amount_over: Amount("Reference price × quantity is more than this, in the sponsor's currency."),
    amount_under: Amount("Reference price × quantity is less than this, in the sponsor's currency."),
  },
  {
    ...strict,
    description:
      'All members that are given must fit one line of the request; within a list any entry does. Empty: every line.',
  },
);

const rejected = (description: string) => Type.Optional(Text(500, { description }));

const ofLine = { when: Type.Optional(DecisionCondition) };

export const DecisionRule = Variant(
  'decision',
  [
    Type.Object(
      { ...ofLine, decision: Type.Literal('APPROVE', { description: 'The quantity asked for.' }) },
      strict,
    ),
    Type.Object(
      {
        ...ofLine,
        decision: Type.Literal('APPROVE_SHARE', {
          description: 'A part of the quantity, rounded down, at least 1.',
        }),
        percent: Type.Integer({ minimum: 1, maximum: 100, description: 'Of the quantity asked for.' }),
      },
      strict,
    ),
    Type.Object(
      {
        ...ofLine,
        decision: Type.Literal('APPROVE_AT_MOST', {
          description: 'The quantity asked for, but no more than this.',
        }),
        quantity: Type.Integer({ minimum: 1, maximum: 100_000, description: 'The most that is authorized.' }),
      },
      strict,
    ),
    Type.Object(
      {
        ...ofLine,
        decision: Type.Literal('REJECT', { description: 'Nothing.' }),
        rejection_code: Words(rejectionCodes, { description: 'For the program of the integrator.' }),
        rejection_reason: rejected('For the person at the counter. Default: a sentence for the code.'),
      },
      strict,
    ),
    Type.Object(
      {
        ...ofLine,
        decision: Type.Literal('FAIL_ONCE', {
          description:
            'The sponsor fails the first time that it is asked about the request: 503, or, where it is asynchronous, one ' +
            'more delay. Then the other rules decide.',
        }),
      },
      strict,
    ),
  ],
  'What becomes of a line that fits.',
);
export type DecisionRule = Static<typeof DecisionRule>;

const SettlementCondition = Type.Object(
  {
    ...ofProducts,
    claim_kinds: Type.Optional(
      Type.Array(Words(claimKinds), { ...some, description: 'How the claim came about.' }),
    ),
    amount_over: Amount('The amount of the claim is more than this.'),
    amount_under: Amount('The amount of the claim is less than this.'),
  },
  {
    ...strict,
    description:
      'All members that are given must fit the claim; product members must fit one of its lines, a substitute included. ' +
      'Empty: every claim.',
  },
);

const ofClaim = { when: Type.Optional(SettlementCondition) };

export const SettlementRule = Variant(
  'decision',
  [
    Type.Object(
      { ...ofClaim, decision: Type.Literal('ACCEPT', { description: 'The claim is paid.' }) },
      strict,
    ),
    Type.Object(
      {
        ...ofClaim,
        decision: Type.Literal('REJECT', { description: 'The claim is refused and pending again.' }),
        rejection_reason: rejected('For the person who reads it. Default: a general sentence.'),
      },
      strict,
    ),
  ],
  'What becomes of a claim that fits.',
);
export type SettlementRule = Static<typeof SettlementRule>;
