import type { Selectable } from 'kysely';
import type { OutboxTable } from '../../store/database.ts';
import { change, statement } from '../../store/statement.ts';

export type OutgoingMail = Pick<
  Selectable<OutboxTable>,
  'outbox_id' | 'provider_id' | 'destination' | 'subject' | 'body' | 'attempts'
>;

export const selectOutgoingMail = statement<{ outbox_id: string }, OutgoingMail>((db, { outbox_id }) =>
  db
    .selectFrom('outbox')
    .select(['outbox_id', 'provider_id', 'destination', 'subject', 'body', 'attempts'])
    .where('outbox_id', '=', outbox_id),
);

export const countAttempt = change<{ outbox_id: string }>((db, { outbox_id }) =>
  db
    .updateTable('outbox')
    .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
    .where('outbox_id', '=', outbox_id),
);
