import type { ClaimFile } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import type { UnitOfWork } from '../../../engine/unit-of-work.ts';
import { fileView } from '../../authorizations/views.ts';
import { requireClaim } from '../open.ts';
import type { ClaimFamily } from '../rules.ts';
import type { ClaimRow } from '../store.ts';
import { selectFilesOfClaims, selectFilesOfRequests, selectPreauthorizations } from './store.ts';

type Context = Pick<UnitOfWork, 'db' | 'provider'>;
type FileView = Static<typeof ClaimFile>;

interface Inherited {
  readonly authorization_request_id: string;
  readonly diagnosis_code: string | null;
}

/**
 * What claims take over from their pre-authorizations, by authorization. The documents of another provider stay with
 * that provider, though its authorization is claimed here.
 */
export async function inheritedBy(
  { db, provider }: Context,
  claims: readonly ClaimRow[],
): Promise<Map<string, Inherited>> {
  const ids = claims.flatMap(({ authorization_id, owner_provider_id }) =>
    authorization_id === null || owner_provider_id !== provider.provider_id ? [] : [authorization_id],
  );
  const rows = await selectPreauthorizations(db, ids);
  return new Map(
    rows.map(({ authorization_id, authorization_request_id, diagnoses }) => {
      const [diagnosis_code = null] = JSON.parse(diagnoses) as string[];
      return [authorization_id, { authorization_request_id, diagnosis_code }];
    }),
  );
}

/** By claim: what the pre-authorization has first, then evidence of its own. */
export async function filesOfClaims(
  { db }: Context,
  claims: readonly ClaimRow[],
  inherited: ReadonlyMap<string, Inherited>,
): Promise<Map<string, FileView[]>> {
  const requests = [...inherited.values()].map((each) => each.authorization_request_id);
  const indications = await selectFilesOfRequests(db, requests);
  const evidence = await selectFilesOfClaims(
    db,
    claims.map((claim) => claim.claim_id),
  );
  return new Map(
    claims.map(({ claim_id, authorization_id }) => {
      const request = inherited.get(authorization_id ?? '')?.authorization_request_id;
      return [
        claim_id,
        [
          ...indications
            .filter((file) => file.authorization_request_id === request)
            .map((file) => ({ ...fileView(file), origin: 'AUTHORIZATION' as const })),
          ...evidence
            .filter((file) => file.claim_id === claim_id)
            .map((file) => ({ ...fileView(file), origin: 'CLAIM' as const })),
        ],
      ];
    }),
  );
}

/** D name: getClaimAuthorizationFiles. */
export async function readClaimFiles(
  context: Context,
  family: ClaimFamily,
  claim_id: string,
): Promise<FileView[]> {
  const claim = await requireClaim(context, family, claim_id);
  const files = await filesOfClaims(context, [claim], await inheritedBy(context, [claim]));
  return files.get(claim_id) ?? [];
}
