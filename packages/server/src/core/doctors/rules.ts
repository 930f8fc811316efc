import type { Issue } from '../../platform/errors.ts';

interface Signatory {
  readonly doctor_id: string;
  readonly medical_board_registration: string | null;
}

/**
 * Who signs: whoever is named, else the provider's first doctor with a board registration. The registration is checked
 * at issue (D).
 */
export function chooseDoctor<D extends Signatory>(
  doctors: readonly D[],
  doctor_id: string | undefined,
): D | Issue {
  const path = 'doctor_id';
  if (doctor_id === undefined) {
    const message = 'is required: no doctor of this provider has a medical board registration';
    return doctors.find(isRegistered) ?? { path, message };
  }
  const named = doctors.find((doctor) => doctor.doctor_id === doctor_id);
  if (named === undefined) return { path, message: 'is unknown' };
  return isRegistered(named) ? named : { path, message: 'has no medical board registration' };
}

function isRegistered({ medical_board_registration }: Signatory): boolean {
  return medical_board_registration !== null;
}
