import type { Selectable } from 'kysely';
import type { ClaimFileTable } from '../../../store/database.ts';
import type { Executor } from '../../../store/statement.ts';
import type { FileRow } from '../../authorizations/store.ts';

export type ClaimFileRow = Selectable<ClaimFileTable>;

interface Preauthorization {
  readonly authorization_id: string;
  readonly authorization_request_id: string;
  readonly diagnoses: string;
}

export async function selectPreauthorizations(
  db: Executor,
  authorization_ids: readonly string[],
): Promise<Preauthorization[]> {
  if (authorization_ids.length === 0) return [];
  return db
    .selectFrom('authorizations')
    .innerJoin(
      'authorization_requests',
      'authorization_requests.authorization_request_id',
      'authorizations.authorization_request_id',
    )
    .select(['authorization_id', 'authorization_requests.authorization_request_id', 'diagnoses'])
    .where('authorization_id', 'in', [...authorization_ids])
    .execute();
}

export async function selectFilesOfRequests(
  db: Executor,
  authorization_request_ids: readonly string[],
): Promise<FileRow[]> {
  if (authorization_request_ids.length === 0) return [];
  return db
    .selectFrom('files')
    .selectAll()
    .where('authorization_request_id', 'in', [...authorization_request_ids])
    .orderBy('file_id')
    .execute();
}

export async function selectFilesOfClaims(
  db: Executor,
  claim_ids: readonly string[],
): Promise<ClaimFileRow[]> {
  if (claim_ids.length === 0) return [];
  return db
    .selectFrom('claim_files')
    .selectAll()
    .where('claim_id', 'in', [...claim_ids])
    .orderBy('file_id')
    .execute();
}

export async function insertClaimFile(db: Executor, file: ClaimFileRow, content: Uint8Array): Promise<void> {
  await db.insertInto('claim_files').values(file).execute();
  await db.insertInto('file_contents').values({ file_id: file.file_id, content }).execute();
}
