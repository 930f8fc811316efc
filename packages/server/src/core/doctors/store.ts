import type { Doctor } from '@osigu-sandbox/contract';
import type { Selectable } from 'kysely';
import type { Static } from 'typebox';
import type { DoctorTable } from '../../store/database.ts';
import { statement } from '../../store/statement.ts';

export type DoctorRow = Selectable<DoctorTable>;

/** In the order in which they were seeded. */
export const selectDoctors = statement<{ provider_id: string }, DoctorRow>((db, { provider_id }) =>
  db.selectFrom('doctors').selectAll().where('provider_id', '=', provider_id).orderBy('doctor_id'),
);

export function doctorView(row: DoctorRow): Static<typeof Doctor> {
  return {
    doctor_id: row.doctor_id,
    first_name: row.first_name,
    last_name: row.last_name,
    specialty: row.specialty,
    medical_board_registration: row.medical_board_registration,
  };
}
