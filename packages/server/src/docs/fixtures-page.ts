import { products } from '../core/catalogues/catalogue.ts';
import { profileOf } from '../core/sponsors/profile.ts';
import { diagnoses } from '../fixtures/catalogue/diagnoses.ts';
import { doctors } from '../fixtures/doctors.ts';
import { magicCodeBehaviours, magicValues } from '../fixtures/magic.ts';
import { memberId, neverFound, people } from '../fixtures/people.ts';
import { fixtureSponsors } from '../fixtures/sponsors.ts';
import { toWire } from '../platform/money.ts';
import { table } from './table.ts';

/** docs/fixtures.md, from the fixture data itself. */
export function fixturesPage(): string {
  return `# Fixtures

Every new provider starts with these, and a reset brings them back. The search inputs are the same for every provider;
ids differ and are in the provider's onboarding sheet (\`GET /_sandbox/v1/providers/{slug}/onboarding-sheet\`). All people
are synthetic. That there are a mock sponsor, an asynchronous one, about ten beneficiaries and \`MED-SBX-*\` medications is
documented by Osigu, as is CC 1000000001; everything else is a choice of this sandbox.

## Sponsors

${table(
  [
    'Sponsor',
    'Decides',
    'Currency',
    'Proof at authorization',
    'Proof at dispensation',
    'Settlement',
    'Copayment',
    'Coinsurance',
    'Behaviour',
  ],
  fixtureSponsors.map(profileOf).map((sponsor) => {
    // The fixtures demand the same for every product type.
    const { verification, cost_sharing } = sponsor.requirements.MEDICATION;
    return [
      code(sponsor.sponsor_slug),
      sponsor.evaluation,
      sponsor.currency_code,
      verification.authorization ?? 'none',
      verification.dispensation ?? 'none',
      sponsor.settlement.mode,
      String(toWire(cost_sharing.copayment_amount)),
      `${cost_sharing.coinsurance_percent} %`,
      sponsor.behaviour,
    ];
  }),
)}

## Beneficiaries

Search with the form \`national-id\` (\`document_type\`, \`document_number\`) or \`member-id\` (\`member_id\`), at any of these sponsors.

${table(
  ['Document', 'Member id', 'Name', 'Born', 'Plan', 'Relationship', 'Coverage', 'What it is for'],
  people.map((person) => [
    code(`${person.document_type} ${person.document_number}`),
    code(memberId(person)),
    `${person.first_name} ${person.last_name}`,
    person.date_of_birth,
    code(person.plan_code),
    person.relationship,
    person.coverage,
    person.note,
  ]),
)}

${code(`${neverFound.document_type} ${neverFound.document_number}`)} never exists.

## Doctors

${table(
  ['Name', 'Specialty', 'Board registration', 'What it is for'],
  doctors.map((doctor) => [
    `${doctor.first_name} ${doctor.last_name}`,
    doctor.specialty,
    doctor.medical_board_registration === null ? 'none' : code(doctor.medical_board_registration),
    doctor.note,
  ]),
)}

Their ids are in \`GET /ehr/v1/doctors\` and in the onboarding sheet.

## Magic product codes

${table(
  ['Product', 'What happens'],
  magicCodeBehaviours.map(({ product_code, behaviour }) => [code(product_code), behaviour]),
)}

## Magic values

${table(
  ['Value', 'Where', 'Effect'],
  magicValues.map(({ value, where, effect }) => [code(value), where, effect]),
)}

## Products

${products.length} products, all registered for a new provider except \`MED-SBX-902\`. Prices are Colombian pesos; other currencies
are converted at fixed rates. Diagnoses: ${diagnoses.length} ICD-10 codes, searched in Spanish, English and Portuguese.

${table(
  ['Code', 'Id', 'Type', 'Name', 'Price (COP)'],
  products.map((product) => [
    code(product.product_code),
    String(product.product_id),
    product.product_type,
    product.name,
    String(toWire(product.reference_price_cop)),
  ]),
)}
`;
}

function code(text: string): string {
  return `\`${text}\``;
}
