import type { OtpChannel, ProductType, VerificationMethod } from '@osigu-sandbox/contract';
import type { CostSharing } from '../claims/amounts.ts';
import type { IndicationRule, RequirableField, Requirements, SponsorProfile } from './profile.ts';

/** What is demanded of a request that asks for several product types at once. */
export interface JointRequirements {
  readonly required_fields: readonly RequirableField[];
  readonly authorization_types: readonly string[];
  readonly indications: readonly IndicationRule[];
  readonly methods: readonly VerificationMethod[];
}

/** Everything that any of the types demands; of what may be named, what all of them admit. */
export function requirementsFor(
  { requirements }: Pick<SponsorProfile, 'requirements'>,
  types: readonly ProductType[],
): JointRequirements {
  const distinct = [...new Set(types.map((type) => requirements[type]))];
  const [first, ...others] = distinct;
  if (first === undefined)
    return { required_fields: [], authorization_types: [], indications: [], methods: [] };
  return {
    required_fields: unique(distinct.flatMap((each) => each.required_fields)),
    authorization_types: first.authorization_types.filter((name) =>
      others.every((each) => each.authorization_types.includes(name)),
    ),
    indications: others.length === 0 ? first.indications : jointIndications(distinct),
    methods: unique(distinct.flatMap(({ verification }) => verification.authorization ?? [])),
  };
}

/** The first rule of a file type holds; the file is required where any type requires it. */
function jointIndications(distinct: readonly Requirements[]): IndicationRule[] {
  const byType = new Map<string, IndicationRule>();
  for (const rule of distinct.flatMap((each) => each.indications)) {
    const known = byType.get(rule.file_type);
    byType.set(rule.file_type, { ...(known ?? rule), required: rule.required || known?.required === true });
  }
  return [...byType.values()];
}

/** A password is sent to a person, not for a product type: by any way that some type admits. */
export function otpChannelsOf({ requirements }: Pick<SponsorProfile, 'requirements'>): OtpChannel[] {
  return unique(Object.values(requirements).flatMap((each) => each.otp_channels));
}

/** The coinsurance of each line by its type; of the copayment, which is charged once, the largest. */
export function costSharingOf(
  { requirements }: Pick<SponsorProfile, 'requirements'>,
  types: readonly ProductType[],
): CostSharing[] {
  const shares = types.map((type) => requirements[type].cost_sharing);
  const copayment_amount = Math.max(0, ...shares.map((each) => each.copayment_amount));
  return shares.map(({ coinsurance_percent }) => ({ copayment_amount, coinsurance_percent }));
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
