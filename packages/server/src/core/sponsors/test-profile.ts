import type { SponsorProfile } from '@osigu-sandbox/contract';

/** The least that a profile file holds, for tests to add to. */
export const sponsorFile: SponsorProfile = {
  sponsor_slug: 'sponsor-of-a-test',
  name: 'Aseguradora de Prueba',
  behaviour: 'For tests.',
  country_code: 'CO',
  currency_code: 'COP',
  product_types: ['MEDICATION', 'LAB'],
  evaluation: 'SYNC',
  forms: [
    {
      form_id: 'member',
      label: 'Afiliado',
      fields: [{ key: 'member', type: 'string', required: true, matches: 'member_id' }],
    },
  ],
};
