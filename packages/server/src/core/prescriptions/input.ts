import type { PrescriptionCreate, PrescriptionCreateV2 } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';

/** The bodies of the three create paths are supersets of each other (D). */
export type IssueInput = Static<typeof PrescriptionCreate> &
  Partial<Pick<Static<typeof PrescriptionCreateV2>, 'patient_consent' | 'content_hash' | 'signature'>> & {
    /** The hash of `medications` as it was sent; undefined when there is none. */
    readonly sentHash?: string | undefined;
  };
