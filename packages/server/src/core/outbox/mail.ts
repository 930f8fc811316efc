import { finishDueWork } from '../../engine/due-work.ts';
import type { DueHandler } from '../../engine/run-due.ts';
import type { UnitOfWork, UnitsOfWork } from '../../engine/unit-of-work.ts';
import type { Log } from '../../platform/log.ts';
import { type Attachment, type Mailer, refusalOf } from '../../platform/mail.ts';
import { mailWork } from './outbox.ts';
import { pauseAfter } from './rules.ts';
import { countAttempt, type OutgoingMail, selectOutgoingMail } from './store.ts';

export type MailOutcome =
  | { readonly status: 'DELIVERED' }
  | { readonly status: 'FAILED'; readonly reason: string };

/** What is particular to the mails of one kind of due work. */
export interface MailKind {
  readonly work: string;
  /** What goes with a mail, or why it must not leave (any more). */
  prepare(mail: OutgoingMail): Promise<readonly Attachment[] | { readonly reason: string }>;
  /** Told once how it ended, in the transaction that ends it. */
  settle(uow: UnitOfWork, mail: OutgoingMail, outcome: MailOutcome): Promise<void>;
}

/** Mails of which nobody waits to hear. */
export function plainMails(log: Log): MailKind {
  return {
    work: mailWork,
    prepare: async () => [],
    settle: async (_uow, { outbox_id }, outcome) => {
      if (outcome.status === 'FAILED') log.warn({ outbox_id, reason: outcome.reason }, 'mail given up');
    },
  };
}

/** Sends one mail of the outbox. At least once: a crash between sending and noting it sends it again. */
export function mailHandler(units: UnitsOfWork, mailer: Mailer | undefined, kind: MailKind): DueHandler {
  const { db } = units.store;
  return {
    errand: async ({ work_id, subject_id, provider_id, due_at }) => {
      const [mail] = await selectOutgoingMail(db, { outbox_id: subject_id });
      if (mail === undefined || mailer === undefined) {
        await finishDueWork(db, { work_id });
        return;
      }
      const attempt = await send(mailer, mail, await kind.prepare(mail));
      await units.run(
        provider_id,
        async (uow) => {
          // Moved, done by somebody else or wiped meanwhile.
          if ((await finishDueWork(uow.db, { work_id })) === 1) await conclude(uow, kind, mail, attempt);
        },
        { notBefore: due_at },
      );
    },
  };
}

type Attempt = MailOutcome | { readonly status: 'UNANSWERED'; readonly reason: string };

async function send(
  mailer: Mailer,
  { destination: to, subject, body: text }: OutgoingMail,
  prepared: Awaited<ReturnType<MailKind['prepare']>>,
): Promise<Attempt> {
  if ('reason' in prepared) return { status: 'FAILED', reason: prepared.reason };
  try {
    await mailer.send({ to, subject: subject ?? '', text, attachments: prepared });
    return { status: 'DELIVERED' };
  } catch (error) {
    const { final, reason } = refusalOf(error);
    return { status: final ? 'FAILED' : 'UNANSWERED', reason };
  }
}

/** A refusal is final; a server that does not answer, or says later, is asked again for a while. */
async function conclude(
  uow: UnitOfWork,
  kind: MailKind,
  mail: OutgoingMail,
  attempt: Attempt,
): Promise<void> {
  if (attempt.status !== 'UNANSWERED') return kind.settle(uow, mail, attempt);
  const { outbox_id } = mail;
  await countAttempt(uow.db, { outbox_id });
  const pause = pauseAfter(mail.attempts + 1);
  if (pause === undefined) return kind.settle(uow, mail, { ...attempt, status: 'FAILED' });
  await uow.schedule({ kind: kind.work, subject_id: outbox_id, due_at: uow.now + pause });
}
