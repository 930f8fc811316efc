import type { Selectable } from 'kysely';
import type { PrescriptionMailTable } from '../../../store/database.ts';
import { change, statement } from '../../../store/statement.ts';
import type { PrescriptionRow } from '../store.ts';

export type MailRow = Selectable<PrescriptionMailTable>;

export const insertMail = change<MailRow & Record<string, unknown>>((db, row) =>
  db.insertInto('prescription_mails').values({
    outbox_id: row.outbox_id,
    provider_id: row.provider_id,
    prescription_id: row.prescription_id,
    email: row.email,
    status: row.status,
    created_at: row.created_at,
    settled_at: row.settled_at,
  }),
);

/** 0 when it is settled already. */
export const updateMailSettled = change<{
  outbox_id: string;
  status: 'DELIVERED' | 'FAILED';
  settled_at: number;
}>((db, { outbox_id, status, settled_at }) =>
  db
    .updateTable('prescription_mails')
    .set({ status, settled_at })
    .where('outbox_id', '=', outbox_id)
    .where('status', '=', 'PENDING'),
);

export const selectMailedPrescription = statement<{ outbox_id: string }, PrescriptionRow>(
  (db, { outbox_id }) =>
    db
      .selectFrom('prescription_mails')
      .innerJoin('prescriptions', 'prescriptions.prescription_id', 'prescription_mails.prescription_id')
      .selectAll('prescriptions')
      .where('outbox_id', '=', outbox_id),
);
