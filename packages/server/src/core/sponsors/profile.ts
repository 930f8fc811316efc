import type {
  CountryCode,
  DecisionRule,
  EvaluationMode,
  Latency,
  OtpChannel,
  ProductType,
  SponsorProfile as ProfileFile,
  SettlementRule,
  VerificationMethod,
} from '@osigu-sandbox/contract';
import { otpChannels, productTypes } from '@osigu-sandbox/contract';
import { fromWire, type MinorUnits } from '../../platform/money.ts';
import { ordinaryFile } from '../files/content.ts';

/** How a sponsor behaves: a profile file with its defaults filled in and money in minor units. */
export interface SponsorProfile {
  readonly sponsor_slug: string;
  /** Other slugs it answers to. */
  readonly aliases: readonly string[];
  readonly name: string;
  readonly behaviour: string;
  readonly country_code: CountryCode;
  readonly currency_code: string;
  readonly product_types: readonly ProductType[];
  readonly evaluation: EvaluationMode;
  /** Somebody decides through the control surface. */
  readonly decidesByHand: boolean;
  /** Of a decision (ASYNC) or of an answer (SYNC). */
  readonly latency: Latency;
  /** Every n-th evaluation fails with 503 and works when tried again; null: never. */
  readonly fails_every: number | null;
  readonly forms: ProfileFile['forms'];
  readonly requirements: Readonly<Record<ProductType, Requirements>>;
  readonly settlement: {
    readonly mode: 'TRANSACTION' | 'BATCH';
    readonly delay_seconds: number;
    readonly verification: VerificationMethod | null;
    readonly rules: readonly SettlementRule[];
  };
  /** How long an approval can be redeemed. */
  readonly validity_days: number;
  readonly decision_rules: readonly DecisionRule[];
  /** One of them is in every outpatient care claim without authorization; null: any product will do. */
  readonly consultation_product_codes: readonly string[] | null;
}

/** What is demanded for one product type. */
export interface Requirements {
  readonly required_fields: readonly RequirableField[];
  readonly authorization_types: readonly string[];
  readonly indications: readonly IndicationRule[];
  readonly verification: {
    readonly authorization: VerificationMethod | null;
    readonly dispensation: VerificationMethod | null;
  };
  readonly otp_channels: readonly OtpChannel[];
  readonly cost_sharing: {
    /** Once per claim. */
    readonly copayment_amount: MinorUnits;
    readonly coinsurance_percent: number;
  };
}

export type RequirableField =
  | 'authorization_type'
  | 'professional_license_number'
  | 'service_type_code'
  | 'provider_branch_id';

export interface IndicationRule {
  readonly file_type: string;
  /** What a person calls it. */
  readonly fallback_name: string;
  readonly required: boolean;
  readonly accepted_content_types: readonly string[];
  readonly max_bytes: number;
}

/** Seconds until an asynchronous sponsor decides (D: about 30), and until a batch is decided (S). */
const usualDelay = 30;
export const usualAuthorizationTypes = ['PRESCRIPTION', 'MEDICAL_INDICATION', 'LAB_ORDER', 'PROCEDURE'];

export function profileOf(file: ProfileFile): SponsorProfile {
  const { evaluation, settlement } = file;
  return {
    sponsor_slug: file.sponsor_slug,
    aliases: file.aliases ?? [],
    name: file.name,
    behaviour: file.behaviour,
    country_code: file.country_code,
    currency_code: file.currency_code,
    product_types: file.product_types,
    evaluation,
    decidesByHand: file.decision === 'MANUAL',
    latency: file.latency ?? { distribution: 'fixed', seconds: evaluation === 'ASYNC' ? usualDelay : 0 },
    fails_every: file.fails_every ?? null,
    forms: file.forms,
    requirements: requirementsOf(file),
    settlement: {
      mode: settlement?.mode ?? 'TRANSACTION',
      delay_seconds: settlement?.delay_seconds ?? usualDelay,
      verification: file.configuration?.verification?.settlement ?? null,
      rules: settlement?.rules ?? [],
    },
    validity_days: file.validity_days ?? 30,
    decision_rules: file.decision_rules ?? [],
    consultation_product_codes: file.consultation_product_codes ?? null,
  };
}

type Demands = NonNullable<ProfileFile['configuration']>;

/** One object for all types that do not differ, so that they are seen to be the same. */
function requirementsOf(file: ProfileFile): Record<ProductType, Requirements> {
  const common = demanded(file.configuration ?? {});
  const of = (type: ProductType) => {
    const own = file.configuration_by_product_type?.[type];
    return own === undefined ? common : demanded({ ...file.configuration, ...own });
  };
  return Object.fromEntries(productTypes.map((type) => [type, of(type)])) as Record<
    ProductType,
    Requirements
  >;
}

function demanded(demands: Demands): Requirements {
  return {
    required_fields: demands.required_fields ?? [],
    authorization_types: demands.authorization_types ?? usualAuthorizationTypes,
    indications: (demands.indications ?? []).map((indication) => ({ ...ordinaryFile, ...indication })),
    verification: {
      authorization: demands.verification?.authorization ?? null,
      dispensation: demands.verification?.dispensation ?? null,
    },
    otp_channels: demands.otp_channels ?? otpChannels,
    cost_sharing: {
      copayment_amount: fromWire(demands.cost_sharing?.copayment_amount ?? 0),
      coinsurance_percent: demands.cost_sharing?.coinsurance_percent ?? 0,
    },
  };
}
