import { fold } from '../../platform/text.ts';

/** The person across providers, who know the same person under ids of their own. */
export function personKey(document_type: string, document_number: string): string {
  return `${fold(document_type)}:${fold(document_number)}`;
}

export function memberKey(member_id: string): string {
  return fold(member_id);
}

/** `today` and `effective_until` are YYYY-MM-DD; the last day counts. */
export function coverageActive(suspended: boolean, effective_until: string, today: string): boolean {
  return !suspended && effective_until >= today;
}
