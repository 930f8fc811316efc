import { isoTimestamp, isoTimestampOrNull } from '../../platform/time.ts';
import type { RequestedLine } from './decision.ts';
import type { AuthorizationRow, FileRow, LineRow, RequestRow } from './store.ts';

/** Lists are JSON text in the tables. */
export function requestedLines(row: Pick<RequestRow, 'products'>): RequestedLine[] {
  return JSON.parse(row.products) as RequestedLine[];
}

export function listOrNull(text: string | null): string[] | null {
  return text === null ? null : (JSON.parse(text) as string[]);
}

/** An indication, or the evidence of a claim. */
type DescribedFile = Pick<
  FileRow,
  'file_id' | 'file_type' | 'file_name' | 'content_type' | 'size' | 'sha256'
>;

export function fileView(file: DescribedFile) {
  return {
    file_id: file.file_id,
    file_type: file.file_type,
    file_name: file.file_name,
    content_type: file.content_type,
    size: file.size,
    sha256: file.sha256,
  };
}

/** One entry of the answer of complete and of a request's `authorizations`. */
export function outcomeView(row: AuthorizationRow, lines: readonly LineRow[]) {
  return {
    authorization_id: row.authorization_id,
    authorization_code: row.authorization_code,
    product_type: row.product_type,
    status: row.status,
    ...(row.rejection_reason !== null && { rejection_reason: row.rejection_reason }),
    ...(row.rejection_code !== null && { rejection_code: row.rejection_code }),
    ...(row.expires_at !== null && { expires_at: isoTimestamp(row.expires_at) }),
    products: lines.map((line) => ({
      product_code: line.product_code,
      quantity: line.quantity,
      authorized_quantity: line.authorized_quantity,
      ...(line.posology !== null && { posology: line.posology }),
    })),
    sponsor_reference: row.sponsor_reference,
  };
}

export function authorizationView(row: AuthorizationRow, lines: readonly LineRow[]) {
  return {
    authorization_id: row.authorization_id,
    authorization_code: row.authorization_code,
    authorization_request_id: row.authorization_request_id,
    status: row.status,
    beneficiary_id: row.beneficiary_id,
    sponsor_slug: row.sponsor_slug,
    sponsor_reference: row.sponsor_reference,
    product_type: row.product_type,
    payment_type: row.payment_type,
    products: lines.map((line) => ({
      product_code: line.product_code,
      quantity: line.quantity,
      authorized_quantity: line.authorized_quantity,
      redeemed_quantity: line.redeemed_quantity,
      posology: line.posology,
    })),
    provider_slugs: listOrNull(row.provider_slugs),
    rejection_reason: row.rejection_reason,
    rejection_code: row.rejection_code,
    created_at: isoTimestamp(row.created_at),
    expires_at: isoTimestampOrNull(row.expires_at),
    voided_at: isoTimestampOrNull(row.voided_at),
  };
}

export interface RequestParts {
  readonly files: readonly FileRow[];
  readonly missing: readonly string[];
  readonly authorizations: readonly AuthorizationRow[];
  readonly lines: ReadonlyMap<string, LineRow[]>;
}

export function requestView(row: RequestRow, { files, missing, authorizations, lines }: RequestParts) {
  const diagnoses = JSON.parse(row.diagnoses) as string[];
  return {
    authorization_request_id: row.authorization_request_id,
    status: row.status,
    beneficiary_id: row.beneficiary_id,
    sponsor_slug: row.sponsor_slug,
    diagnosis_code: diagnoses[0] ?? '',
    diagnoses: diagnoses.map((diagnosis_code) => ({ diagnosis_code })),
    products: requestedLines(row),
    authorization_type: row.authorization_type,
    professional_license_number: row.professional_license_number,
    service_type_code: row.service_type_code,
    provider_branch_id: row.provider_branch_id,
    provider_slugs: listOrNull(row.provider_slugs),
    beneficiary_email: row.beneficiary_email,
    beneficiary_phone_number: row.beneficiary_phone_number,
    provider_notification_email: row.provider_notification_email,
    indications: files.map(fileView),
    missing_indications: missing,
    authorizations: authorizations.map((each) => outcomeView(each, lines.get(each.authorization_id) ?? [])),
    created_at: isoTimestamp(row.created_at),
    updated_at: isoTimestamp(row.updated_at),
    completed_at: isoTimestampOrNull(row.completed_at),
  };
}
