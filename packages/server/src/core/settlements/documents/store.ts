import type { Selectable } from 'kysely';
import type { SettlementDocumentTable } from '../../../store/database.ts';
import { change, type Executor, statement } from '../../../store/statement.ts';

export type DocumentRow = Selectable<SettlementDocumentTable>;

type Key = { settlement_id: string; file_id: string };

export async function insertDocument(db: Executor, row: DocumentRow, content: Buffer): Promise<void> {
  await db.insertInto('settlement_documents').values(row).execute();
  await db.insertInto('file_contents').values({ file_id: row.file_id, content }).execute();
}

export const selectDocuments = statement<{ settlement_id: string }, DocumentRow>((db, { settlement_id }) =>
  db
    .selectFrom('settlement_documents')
    .selectAll()
    .where('settlement_id', '=', settlement_id)
    .orderBy('file_id'),
);

export const selectDocument = statement<Key, DocumentRow & { content: Uint8Array }>(
  (db, { settlement_id, file_id }) =>
    db
      .selectFrom('settlement_documents')
      .innerJoin('file_contents', 'file_contents.file_id', 'settlement_documents.file_id')
      .selectAll('settlement_documents')
      .select('content')
      .where('settlement_documents.file_id', '=', file_id)
      .where('settlement_id', '=', settlement_id),
);

const deleteRow = change<Key>((db, { settlement_id, file_id }) =>
  db
    .deleteFrom('settlement_documents')
    .where('file_id', '=', file_id)
    .where('settlement_id', '=', settlement_id),
);

const deleteContent = change<{ file_id: string }>((db, { file_id }) =>
  db.deleteFrom('file_contents').where('file_id', '=', file_id),
);

/** 0 when it is not there. */
export async function deleteDocument(db: Executor, key: Key): Promise<number> {
  const deleted = await deleteRow(db, key);
  if (deleted > 0) await deleteContent(db, { file_id: key.file_id });
  return deleted;
}
