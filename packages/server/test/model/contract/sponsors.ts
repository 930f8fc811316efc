/** The fixture sponsors of contract section 14, as far as the models need them. */
export interface Sponsor {
  readonly sponsor_slug: string;
  readonly decides: 'at once' | 'later' | 'by hand';
  /** The file without which it does not look at a request. */
  readonly wants: string | undefined;
  /** Every second evaluation is answered 503. */
  readonly flaky: boolean;
  readonly settles: 'TRANSACTION' | 'BATCH';
  /** In minor units, once per claim. */
  readonly copayment: number;
  /** Per cent of each line. */
  readonly coinsurance: number;
}

const ordinary = {
  decides: 'at once',
  wants: undefined,
  flaky: false,
  settles: 'TRANSACTION',
  copayment: 350_000,
  coinsurance: 10,
} as const;

export const demanding: Sponsor = {
  ...ordinary,
  sponsor_slug: 'sponsor-sandbox',
  wants: 'MEDICAL_INDICATION',
};
export const dominican: Sponsor = {
  ...ordinary,
  sponsor_slug: 'sponsor-sandbox-do',
  settles: 'BATCH',
  copayment: 10_000,
  coinsurance: 20,
};
export const slow: Sponsor = { ...ordinary, sponsor_slug: 'sponsor-sandbox-async', decides: 'later' };
export const manual: Sponsor = { ...ordinary, sponsor_slug: 'sponsor-sandbox-manual', decides: 'by hand' };
export const flaky: Sponsor = { ...ordinary, sponsor_slug: 'sponsor-sandbox-flaky', flaky: true };

export type Coverage = 'active' | 'exhausted' | 'expired';

export interface Person {
  readonly document_number: string;
  readonly coverage: Coverage;
}

export const maria: Person = { document_number: '1000000001', coverage: 'active' };
export const carlos: Person = { document_number: '1000000002', coverage: 'active' };
export const exhausted: Person = { document_number: '1000000010', coverage: 'exhausted' };
export const lapsed: Person = { document_number: '1000000005', coverage: 'expired' };

/** Magic products. */
export const notCovered = 'MED-SBX-901';
export const notRegistered = 'MED-SBX-902';
export const halved = 'MED-SBX-903';
export const refused = 'MED-SBX-904';
export const sponsorFails = 'MED-SBX-905';
export const notPaid = 'MED-SBX-906';
