import type { BeneficiaryRow } from '../beneficiaries/store.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';

/** For each form of a sponsor a body that finds the person of the guides. */
export function examplesOf({ forms }: SponsorProfile, people: readonly BeneficiaryRow[]) {
  const person = people.find((each) => each.document_number === guided);
  if (person === undefined) return [];
  return forms.map(({ form_id, fields }) => ({
    form_id,
    ...Object.fromEntries(
      fields.flatMap(({ key, matches }) => {
        const value = matches === undefined ? null : person[matches];
        return value === null ? [] : [[key, value]];
      }),
    ),
  }));
}

const guided = '1000000001';
