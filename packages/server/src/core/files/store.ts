import { statement } from '../../store/statement.ts';

interface NamedFile {
  readonly file_name: string;
  readonly content_type: string;
}

export const selectFile = statement<{ provider_id: string; file_id: string }, NamedFile>(
  (db, { provider_id, file_id }) =>
    db
      .selectFrom('files')
      .select(['file_name', 'content_type'])
      .where('file_id', '=', file_id)
      .where('provider_id', '=', provider_id)
      .unionAll(
        db
          .selectFrom('claim_files')
          .select(['file_name', 'content_type'])
          .where('file_id', '=', file_id)
          .where('provider_id', '=', provider_id),
      ),
);

export const selectContent = statement<{ file_id: string }, { content: Uint8Array }>((db, { file_id }) =>
  db.selectFrom('file_contents').select('content').where('file_id', '=', file_id),
);
