import type { LiveItem } from '../engine/live.ts';
import type { AttemptReport } from './deliver.ts';

/** An attempt as whoever watches is told of it. */
export function liveAttempt(report: AttemptReport): LiveItem {
  const { delivery_id, subscription_id, event_id, event_type, number, outcome } = report;
  const { response_status, latency_ms, error, began_at_real } = report;
  return {
    // After a restore the same attempt may be made again.
    id: `${delivery_id}.${number}.${began_at_real}`,
    type: 'delivery',
    data: JSON.stringify({
      delivery_id,
      subscription_id,
      event_id,
      event_type,
      number,
      outcome,
      response_status,
      latency_ms,
      error,
    }),
  };
}
