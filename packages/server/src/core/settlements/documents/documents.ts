import type { SettlementDocument } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import type { UnitOfWork } from '../../../engine/unit-of-work.ts';
import { fault } from '../../../platform/errors.ts';
import { newId } from '../../../platform/ids.ts';
import { step } from '../../../platform/state-machine.ts';
import { inspectFile, ordinaryFile, type UploadedFile } from '../../files/content.ts';
import { lockOwn, requireSettlement } from '../open.ts';
import { settlementMachine } from '../rules.ts';
import { documentView } from '../views.ts';
import {
  type DocumentRow,
  deleteDocument,
  insertDocument,
  selectDocument,
  selectDocuments,
} from './store.ts';

export interface NewDocument extends UploadedFile {
  /** An open word: which kinds there are is not published. */
  readonly document_type?: string;
}

type Context = Pick<UnitOfWork, 'db' | 'provider'>;
type DocumentView = Static<typeof SettlementDocument>;

export async function addDocument(
  uow: UnitOfWork,
  settlement_id: string,
  { document_type, ...file }: NewDocument,
): Promise<DocumentView> {
  await requireSettlement(uow, settlement_id);
  const { content, ...described } = await inspectFile(file, ordinaryFile, document_type ?? 'document');
  step(settlementMachine, (await lockOwn(uow, settlement_id)).status, 'change');
  const row: DocumentRow = {
    file_id: newId('file'),
    settlement_id,
    provider_id: uow.provider.provider_id,
    document_type: document_type ?? null,
    ...described,
    created_at: uow.now,
  };
  await insertDocument(uow.db, row, content);
  return documentView(row);
}

export async function listDocuments(context: Context, settlement_id: string): Promise<DocumentView[]> {
  await requireSettlement(context, settlement_id);
  return (await selectDocuments(context.db, { settlement_id })).map(documentView);
}

export async function readDocument(context: Context, settlement_id: string, file_id: string) {
  await requireSettlement(context, settlement_id);
  const [document] = await selectDocument(context.db, { settlement_id, file_id });
  if (document === undefined) throw fault('071-404-settlement-document');
  return document;
}

export async function removeDocument(uow: UnitOfWork, settlement_id: string, file_id: string): Promise<void> {
  const { status } = await lockOwn(uow, settlement_id);
  // Whether there is such a document is said first: 404 before 409.
  if ((await deleteDocument(uow.db, { settlement_id, file_id })) === 0) {
    throw fault('071-404-settlement-document');
  }
  step(settlementMachine, status, 'change');
}
