import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { selectContent, selectFile } from './store.ts';

/** The bytes of whatever the provider attached: an indication, or the evidence of a claim. */
export async function readFile({ db, provider }: Pick<UnitOfWork, 'db' | 'provider'>, file_id: string) {
  const [file] = await selectFile(db, { provider_id: provider.provider_id, file_id });
  const [stored] = file === undefined ? [] : await selectContent(db, { file_id });
  if (file === undefined || stored === undefined) throw fault('071-404-file');
  return { ...file, content: stored.content };
}
