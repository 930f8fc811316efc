import { type Line, newLine, remaining, type Taken, use, type Wanted } from './code.ts';
import { notRegistered } from './sponsors.ts';
import { days, type Site, type Verdict, type World } from './world.ts';

/** Contract section 10. */
export interface Prescription {
  readonly kind: 'PRESCRIPTION';
  id: string;
  code: string;
  readonly owner: Site;
  status: 'PRESCRIPTION_ISSUED' | 'PARTIALLY_DISPENSED' | 'DISPENSED' | 'VOIDED' | 'EXPIRED';
  readonly lines: readonly Line[];
  readonly expires_at: number;
}

export function issue(world: World, owner: Site, medications: readonly Wanted[], signed: boolean): Verdict {
  if (!signed) return '071-422-validation';
  if (medications.some((each) => each.product_code === notRegistered)) return '071-104';
  const lines = medications.map(({ product_code, quantity }) => newLine(product_code, quantity, quantity));
  world.prescriptions.push({
    kind: 'PRESCRIPTION',
    id: '',
    code: '',
    owner,
    status: 'PRESCRIPTION_ISSUED',
    lines,
    expires_at: owner.now + 30 * days,
  });
  return 'done';
}

/** Whether it can be dispensed, or mailed, now. */
export function standing({ status }: Prescription): Verdict {
  switch (status) {
    case 'DISPENSED':
      return '071-409-already-dispensed';
    case 'VOIDED':
      return '071-409-code-voided';
    case 'EXPIRED':
      return '071-409-code-expired';
    default:
      return 'done';
  }
}

export function mail(prescription: Prescription, site: Site): Verdict {
  return prescription.owner === site ? standing(prescription) : '071-404-prescription';
}

/** Only untouched. */
export function voidPrescription(prescription: Prescription, site: Site): Verdict {
  if (prescription.owner !== site) return '071-404-prescription';
  const held = prescription.lines.some((line) => line.held > 0);
  if (prescription.status !== 'PRESCRIPTION_ISSUED' || held) return '071-409-prescription-not-voidable';
  prescription.status = 'VOIDED';
  return 'done';
}

/** What was held is handed over; of one that has expired meanwhile only the quantities change. */
export function dispense(prescription: Prescription, taken: readonly Taken[]): void {
  use(taken);
  if (standing(prescription) !== 'done') return;
  const nothingLeft = prescription.lines.every((line) => remaining(line) === 0);
  prescription.status = nothingLeft ? 'DISPENSED' : 'PARTIALLY_DISPENSED';
}

export function expiryOf(prescription: Prescription): number | null {
  return standing(prescription) === 'done' ? prescription.expires_at : null;
}
