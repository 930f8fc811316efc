import type { OtpChannel } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { newId } from '../../platform/ids.ts';
import { isoTimestamp } from '../../platform/time.ts';
import { change, type Executor } from '../../store/statement.ts';

/** A message to a person, as mail or SMS: kept here in any case, sent as mail where SMTP is configured. */
export interface Message {
  readonly channel: OtpChannel;
  readonly to: string;
  readonly subject?: string;
  readonly body: string;
  readonly otp_code?: string;
}

export const mailWork = 'outbox.mail';

type Row = {
  outbox_id: string;
  provider_id: string;
  channel: OtpChannel;
  destination: string;
  subject: string | null;
  body: string;
  otp_code: string | null;
  created_at: number;
};

const insertMessage = change<Row>((db, row) =>
  db.insertInto('outbox').values({
    outbox_id: row.outbox_id,
    provider_id: row.provider_id,
    channel: row.channel,
    destination: row.destination,
    subject: row.subject,
    body: row.body,
    otp_code: row.otp_code,
    created_at: row.created_at,
  }),
);

/**
 * Written with the effect that causes it; a mail leaves later, as due work of kind `work`. Answers the id in the outbox,
 * which is the subject of that work.
 */
export async function putMessage(
  uow: UnitOfWork,
  message: Message,
  work: string | null = mailWork,
): Promise<string> {
  const outbox_id = newId('outbox');
  await insertMessage(uow.db, {
    outbox_id,
    provider_id: uow.provider.provider_id,
    channel: message.channel,
    destination: message.to,
    subject: message.subject ?? null,
    body: message.body,
    otp_code: message.otp_code ?? null,
    created_at: uow.now,
  });
  const leaves = uow.sendsMail && message.channel === 'EMAIL' && !message.to.endsWith('.invalid');
  if (leaves && work !== null) await uow.schedule({ kind: work, subject_id: outbox_id, due_at: uow.now });
  return outbox_id;
}

/** Newest first. */
export async function listMessages(
  db: Executor,
  provider_id: string,
  page: { readonly limit: number; readonly offset: number },
) {
  const rows = await db
    .selectFrom('outbox')
    .selectAll()
    .where('provider_id', '=', provider_id)
    .orderBy('outbox_id', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  const { total } = await db
    .selectFrom('outbox')
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .where('provider_id', '=', provider_id)
    .executeTakeFirstOrThrow();
  return {
    total: Number(total),
    rows: rows.map((row) => ({
      outbox_id: row.outbox_id,
      channel: row.channel,
      to: row.destination,
      subject: row.subject,
      body: row.body,
      ...(row.otp_code !== null && { otp_code: row.otp_code }),
      created_at: isoTimestamp(row.created_at),
    })),
  };
}
