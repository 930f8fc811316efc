import Type, { type Static } from 'typebox';
import {
  type CountryCode,
  countries,
  evaluationModes,
  otpChannels,
  productTypes,
  sponsorAttributes,
  sponsorKinds,
  verificationMethods,
} from '../vocabulary.ts';
import { MoneyInput, Text, Words } from './common.ts';
import { cents, DecisionRule, SettlementRule, strict, Variant } from './sponsor-rules.ts';

const slug = {
  pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$',
  description: 'Lowercase letters, digits and hyphens.',
} as const;

const seconds = (description: string) =>
  Type.Number({ minimum: 0, maximum: 2_592_000, multipleOfCents: true, description: cents(description) });
const seed = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: 2_147_483_647,
    description: 'The same seed gives the same delays in the same order. Default 0.',
  }),
);
const bounds = {
  min_seconds: Type.Optional(seconds('Never less than this. Default 0.')),
  max_seconds: seconds('Never more than this.'),
};

const Latency = Variant(
  'distribution',
  [
    Type.Object(
      {
        distribution: Type.Literal('fixed', { description: 'Always the same.' }),
        seconds: seconds('The delay.'),
      },
      strict,
    ),
    Type.Object(
      {
        distribution: Type.Literal('uniform', { description: 'Everything between two bounds alike.' }),
        min_seconds: seconds('The least.'),
        max_seconds: seconds('The most.'),
        seed,
      },
      strict,
    ),
    Type.Object(
      {
        distribution: Type.Literal('normal', {
          description: 'Around a mean; what lies outside becomes the bound.',
        }),
        mean_seconds: seconds('The mean.'),
        deviation_seconds: seconds('The standard deviation.'),
        ...bounds,
        seed,
      },
      strict,
    ),
    Type.Object(
      {
        distribution: Type.Literal('exponential', { description: 'Mostly short, seldom long.' }),
        mean_seconds: seconds('The mean.'),
        ...bounds,
        seed,
      },
      strict,
    ),
  ],
  "ASYNC: how long after complete the decision comes, on the provider's clock; default fixed, 30 seconds. SYNC: how long, " +
    'in real time, the answer of complete is held back, 5 seconds at most; default not at all.',
);
export type Latency = Static<typeof Latency>;

const Form = Type.Object(
  {
    form_id: Text(64, { description: 'Unique among the forms.', examples: ['national-id'] }),
    label: Text(120, { description: 'What a person calls it.' }),
    fields: Type.Array(
      Type.Object(
        {
          key: Type.String({
            pattern: '^[a-z][a-z0-9_]{0,63}$',
            description: 'Member of the search body; not form_id, which the body has for itself.',
          }),
          label: Type.Optional(Text(120, { description: 'What a person calls it. Default: the key.' })),
          type: Words(['string', 'enum', 'date'], { description: 'A date is YYYY-MM-DD.' }),
          values: Type.Optional(
            Type.Array(Text(100), {
              minItems: 1,
              maxItems: 100,
              uniqueItems: true,
              description: 'What an enum admits.',
            }),
          ),
          required: Type.Boolean({ description: 'Whether a search without it is 422.' }),
          pattern: Type.Optional(
            Text(200, {
              description:
                'Regular expression that the whole value of a string must fit. Without look-around, back references and ' +
                'modifiers, and of 500 parts at most once its repetitions are written out.',
            }),
          ),
          max_length: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 100, description: 'Of a string. Default 100.' }),
          ),
          matches: Type.Optional(
            Words(sponsorAttributes, {
              description:
                'Attribute of the synthetic people that the value is compared with, without case, accents and blanks around ' +
                'it. Absent: the value is only checked.',
            }),
          ),
        },
        strict,
      ),
      { minItems: 1, maxItems: 20, description: 'At least one required field matches an attribute.' },
    ),
  },
  {
    ...strict,
    description: 'A way to look people up. Of several who match, the first by document number is the answer.',
  },
);

const Indication = Type.Object(
  {
    file_type: Text(64, { description: 'Unique among the indications.', examples: ['MEDICAL_INDICATION'] }),
    fallback_name: Text(120, { description: 'What a person calls it.' }),
    required: Type.Boolean({ description: 'Whether complete waits for it.' }),
    accepted_content_types: Type.Optional(
      Type.Array(Words(['application/pdf', 'image/jpeg', 'image/png']), {
        minItems: 1,
        uniqueItems: true,
        description: 'Told by the content. Default: all three.',
      }),
    ),
    max_bytes: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10_485_760, description: 'Default 10485760.' }),
    ),
  },
  strict,
);

const method = (description: string) => Type.Optional(Words(verificationMethods, { description }));
const verification = {
  authorization: method('At complete of a request. Absent: none.'),
  dispensation: method('At complete of a dispensation. Absent: none.'),
};

const demands = {
  required_fields: Type.Optional(
    Type.Array(
      Words(['authorization_type', 'professional_license_number', 'service_type_code', 'provider_branch_id']),
      { uniqueItems: true, description: 'Members that a request must have. Default: none.' },
    ),
  ),
  authorization_types: Type.Optional(
    Type.Array(Text(64), {
      maxItems: 50,
      uniqueItems: true,
      description:
        'What authorization_type may be. Default: PRESCRIPTION, MEDICAL_INDICATION, LAB_ORDER, PROCEDURE.',
    }),
  ),
  indications: Type.Optional(
    Type.Array(Indication, {
      maxItems: 20,
      description: 'Documents that may or must be attached. Default: none.',
    }),
  ),
  otp_channels: Type.Optional(
    Type.Array(Words(otpChannels), { uniqueItems: true, description: 'Default: SMS, EMAIL.' }),
  ),
  cost_sharing: Type.Optional(
    Type.Object(
      {
        copayment_amount: Type.Optional({
          ...MoneyInput,
          description: cents('Once per claim; of several product types the largest. Default 0.'),
        }),
        coinsurance_percent: Type.Optional(
          Type.Number({
            minimum: 0,
            maximum: 100,
            multipleOfCents: true,
            description: cents('Of each line, by its product type. Default 0.'),
          }),
        ),
      },
      { ...strict, description: 'What the patient pays.' },
    ),
  ),
};

const Configuration = Type.Object(
  {
    ...demands,
    verification: Type.Optional(
      Type.Object(
        { ...verification, settlement: method('At dispatch of a batch. Absent: none.') },
        { ...strict, description: 'Proof of the person that is demanded.' },
      ),
    ),
  },
  { ...strict, description: 'What the sponsor demands: GET /arc/v1/sponsors/{sponsor_slug}/configuration.' },
);

const Override = Type.Object(
  {
    ...demands,
    verification: Type.Optional(Type.Object(verification, { ...strict, description: 'Replaces both.' })),
  },
  {
    ...strict,
    description:
      'Members as in `configuration`, without verification.settlement; each that is given replaces that one for this product type.',
  },
);

const Settlement = Type.Object(
  {
    mode: Words(['TRANSACTION', 'BATCH'], { description: 'BATCH: claims are settled with /v3/settlements.' }),
    delay_seconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2_592_000,
        description:
          "BATCH: how long after dispatch the decision comes, on the provider's clock. Default 30.",
      }),
    ),
    rules: Type.Optional(
      Type.Array(SettlementRule, {
        maxItems: 200,
        description: 'BATCH: the first rule that fits a claim decides it. Default: every claim is accepted.',
      }),
    ),
  },
  { ...strict, description: 'How claims are settled. Default TRANSACTION.' },
);

/** A sponsor as data: everything that the API says of it and everything that it does. All of it S. */
export const SponsorProfile = Type.Object(
  {
    $schema: Type.Optional(
      Type.String({ maxLength: 500, description: 'Where the schema is, for editors. Ignored.' }),
    ),
    sponsor_slug: Type.String({ ...slug, examples: ['aseguradora-ejemplo-gt'] }),
    aliases: Type.Optional(
      Type.Array(Type.String(slug), {
        maxItems: 20,
        uniqueItems: true,
        description: 'Other slugs that it answers to, none of them of another sponsor. Default: none.',
      }),
    ),
    name: Text(120, { description: 'Shown to people, in one-time password messages too.' }),
    kind: Type.Optional(
      Words(sponsorKinds, {
        description:
          'mock: made up; shadow: behaves like a real sponsor, on synthetic people. Nothing else depends on it. Default shadow.',
      }),
    ),
    behaviour: Text(300, { description: 'One line for the onboarding sheet: what it is good for.' }),
    country_code: Words(Object.keys(countries) as CountryCode[], { description: 'ISO 3166-1 alpha-2.' }),
    currency_code: Words(
      Object.values(countries).map((country) => country.currency_code),
      { description: 'ISO 4217: of its prices, claims and amounts. The amounts of this file are in it.' },
    ),
    product_types: Type.Array(Words(productTypes), {
      minItems: 1,
      uniqueItems: true,
      description: 'What it processes; a request for anything else is 422.',
    }),
    evaluation: Words(evaluationModes, {
      description: 'SYNC: complete answers the decision. ASYNC: it comes later, by webhook.',
    }),
    decision: Type.Optional(
      Words(['RULES', 'MANUAL'], {
        description:
          'MANUAL, for ASYNC only: somebody decides through the control surface, batches included. Default RULES.',
      }),
    ),
    latency: Type.Optional(Latency),
    fails_every: Type.Optional(
      Type.Integer({
        minimum: 2,
        maximum: 1_000_000,
        description:
          'Every n-th evaluation of a provider answers 503 and works when tried again. Default: none.',
      }),
    ),
    validity_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 3_650,
        description: 'How long an approval can be redeemed. Default 30.',
      }),
    ),
    forms: Type.Array(Form, { minItems: 1, maxItems: 20, description: 'At least one.' }),
    configuration: Type.Optional(Configuration),
    configuration_by_product_type: Type.Optional(
      Type.Object(
        Object.fromEntries(productTypes.map((type) => [type, Type.Optional(Override)])) as Record<
          (typeof productTypes)[number],
          ReturnType<typeof Type.Optional<typeof Override>>
        >,
        { ...strict, description: 'Where a product type differs. Default: nowhere.' },
      ),
    ),
    decision_rules: Type.Optional(
      Type.Array(DecisionRule, {
        maxItems: 200,
        description: 'The first rule that fits a line decides it. Default: what is asked for is approved.',
      }),
    ),
    consultation_product_codes: Type.Optional(
      Type.Array(Text(64), {
        minItems: 1,
        maxItems: 50,
        uniqueItems: true,
        description:
          'An outpatient care claim without authorization must have one of these. Default: any product will do.',
        examples: [['CONS-GEN']],
      }),
    ),
    settlement: Type.Optional(Settlement),
  },
  { ...strict, $id: 'SponsorProfile', title: 'Sponsor profile' },
);
export type SponsorProfile = Static<typeof SponsorProfile>;

/** One of all sponsors, imported or of the fixtures. */
export const SponsorSummary = Type.Object({
  sponsor_slug: Type.String(),
  aliases: Type.Array(Type.String()),
  name: Type.String(),
  kind: Type.String(),
  behaviour: Type.String(),
  country_code: Type.String(),
  currency_code: Type.String(),
  evaluation: Words(evaluationModes),
  fixture: Type.Boolean({ description: 'Of the fixtures: neither replaced nor deleted.' }),
});
