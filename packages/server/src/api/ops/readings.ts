import { dueBacklog } from '../../engine/backlog.ts';
import { timeOfId } from '../../platform/ids.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { after, monotonicNow, realNow, second } from '../../platform/time.ts';
import type { Store } from '../../store/store.ts';
import { attemptKind } from '../../webhooks/enqueue.ts';

/** However often the page is asked for, the database is asked once in so long. */
const freshFor = 5 * second;
/** Prometheus itself gives up after ten seconds: what the process counts is told before that, whatever the database does. */
const patience = 4 * second;

/** Sets the gauges that are read from the database; never rejects. */
export function createReadings(store: Store, metrics: Metrics): () => Promise<void> {
  let running: Promise<void> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;

  async function read(): Promise<void> {
    try {
      const backlog = await dueBacklog(store.db, attemptKind);
      const { rows, oldest_subject } = backlog.ofKind;
      metrics.databaseUp.set(1);
      metrics.dueWork.set(backlog.rows);
      metrics.overdueWork.set(backlog.overdue);
      metrics.oldestDueWork.set(backlog.oldest_age_ms / second);
      metrics.pendingDeliveries.set(rows);
      metrics.oldestUndelivered.set(ageOf(oldest_subject) / second);
      readAt = monotonicNow();
    } catch {
      markUnread(metrics);
    }
  }

  return async () => {
    if (monotonicNow() - readAt < freshFor) return;
    running ??= read().finally(() => {
      running = undefined;
    });
    if (!(await inTime(running))) markUnread(metrics);
  };
}

/** By the id: its time is real, whereas the delivery's own moments are of a clock that may have been moved. */
function ageOf(delivery_id: string | undefined): number {
  return delivery_id === undefined ? 0 : Math.max(realNow() - timeOfId(delivery_id), 0);
}

/** An old number would look like a fresh one. */
function markUnread({ databaseUp, ...metrics }: Metrics): void {
  databaseUp.set(0);
  const { dueWork, overdueWork, oldestDueWork, pendingDeliveries, oldestUndelivered } = metrics;
  for (const gauge of [dueWork, overdueWork, oldestDueWork, pendingDeliveries, oldestUndelivered]) {
    gauge.set(Number.NaN);
  }
}

function inTime(work: Promise<void>): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = after(patience, () => resolve(false));
    void work.then(() => {
      cancel();
      resolve(true);
    });
  });
}
