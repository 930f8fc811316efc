import { finishDueWork } from '../../engine/due-work.ts';
import type { DueHandler } from '../../engine/worker.ts';
import type { Log } from '../../platform/log.ts';
import type { Mailer } from '../../platform/mail.ts';
import type { Store } from '../../store/store.ts';

/** Then it stays in the outbox only. */
const maxAttempts = 8;

/** Sends one mail of the outbox. At least once: a crash between sending and noting it sends it again. */
export function mailHandler(store: Store, mailer: Mailer | undefined, log: Log): DueHandler {
  return {
    errand: async ({ work_id, subject_id, attempts }) => {
      const mail = await store.db
        .selectFrom('outbox')
        .select(['destination', 'subject', 'body'])
        .where('outbox_id', '=', subject_id)
        .executeTakeFirst();
      if (mail !== undefined && mailer !== undefined) {
        try {
          await mailer.send({ to: mail.destination, subject: mail.subject ?? '', text: mail.body });
        } catch (error) {
          if (attempts < maxAttempts) throw error;
          log.warn({ err: error, outbox_id: subject_id }, 'mail given up');
        }
      }
      await finishDueWork(store.db, { work_id });
    },
  };
}
