import type { Metrics } from '../platform/metrics.ts';
import type { AttemptReport } from './deliver.ts';

/** What was made to fail on purpose is no failure of a receiver; a delivery that is given up is gone in any case. */
export function countAttempt(
  metrics: Metrics,
  { outcome, fault, response_status, error }: AttemptReport,
): void {
  if (outcome === 'abandoned') metrics.abandoned.inc();
  if (fault === null)
    metrics.attempts.inc({ outcome, answer: answerClass(response_status), error: error ?? 'none' });
  else metrics.injectedFaults.inc({ surface: 'delivery' });
}

function answerClass(response_status: number | null): string {
  if (response_status === null) return 'none';
  const hundreds = Math.floor(response_status / 100);
  return hundreds >= 2 && hundreds <= 5 ? `${hundreds}xx` : 'other';
}
