import { SponsorProfile } from '@osigu-sandbox/contract';

/**
 * The schema as it is published: without words of ours that other validators do not know. Two decimals at most stands in
 * the descriptions only: 0.01 is no binary fraction, and by `multipleOf` editors would refuse 0.07 and 33.33.
 */
export const profileSchema: Record<string, unknown> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  ...(JSON.parse(
    JSON.stringify(SponsorProfile, (name, value: unknown) =>
      name === 'multipleOfCents' || name === '$id' || name === 'discriminator' ? undefined : value,
    ),
  ) as Record<string, unknown>),
};
