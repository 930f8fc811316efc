/**
 * Every error the API can answer. The text is public; private detail goes to the log only.
 * `documented`: the code or its status is published by Osigu; `sandbox`: our own (contract section 2).
 */
export interface ErrorDefinition {
  readonly status: number;
  /** Public text, a sentence. */
  readonly message: string;
  readonly cause: string;
  readonly cure: string;
  readonly provenance: 'documented' | 'observed' | 'sandbox';
}

function define(
  status: number,
  message: string,
  cause: string,
  cure: string,
  provenance: ErrorDefinition['provenance'] = 'sandbox',
): ErrorDefinition {
  return { status, message, cause, cure, provenance };
}

function missing(thing: string): ErrorDefinition {
  return define(
    404,
    `No such ${thing}.`,
    `The id or code is unknown, or belongs to another provider; the two look the same. After a reset every id is new.`,
    `Read the ${thing} again from this provider's own answers.`,
  );
}

export const errorRegistry = {
  '071-400-malformed': define(
    400,
    'The request cannot be read.',
    'The body is not JSON, a form or multipart part is broken, or the URL has a bad percent-encoding.',
    'Send a body that matches its Content-Type.',
  ),
  '071-400-idempotency-key': define(
    400,
    'Idempotency-Key must be 1 to 255 printable ASCII characters.',
    'The header is empty, too long, or holds other characters.',
    'Send for example a UUID.',
  ),
  '071-401': define(
    401,
    'A valid bearer token is required.',
    'No token, or one that is malformed, expired, revoked, or of another environment.',
    'Get a token from POST /v1/oauth/token and send Authorization: Bearer <token>.',
    'documented',
  ),
  '071-403-scope': define(
    403,
    'The token lacks the scope of this call.',
    'The client was created without this scope.',
    'Ask the operator for a client with the scope named in the message.',
  ),
  '071-403-sponsor-not-affiliated': define(
    403,
    'This provider is not affiliated with the sponsor.',
    'The sponsor exists, but the operator did not affiliate this provider with it.',
    'Use a sponsor of GET /v1/sponsors.',
  ),
  '071-403-provider-mismatch': define(
    403,
    'The provider of the path is not the provider of the token.',
    'provider_slug in the path differs from the one the token was issued for.',
    'Use the provider_slug of the token answer.',
  ),
  '071-403-operator': define(
    403,
    'Only the operator may do this.',
    "The call needs the operator key; a client's token is not enough.",
    'Send Authorization: Bearer <operator key>.',
  ),
  '071-404-route': define(
    404,
    'No such route.',
    'The path is not part of the API.',
    'See /docs for all routes.',
  ),
  '071-404-provider': missing('provider'),
  '071-404-sponsor': missing('sponsor'),
  '071-404-beneficiary': define(
    404,
    'No beneficiary matches.',
    "The search inputs match nobody, or the id is unknown or another provider's.",
    'Check the inputs; docs/fixtures.md lists the people of the sandbox.',
    'documented',
  ),
  '071-404-product': missing('product'),
  '071-404-authorization-request': missing('authorization request'),
  '071-404-authorization': missing('authorization'),
  '071-404-file': missing('file'),
  '071-404-otp': missing('one-time password'),
  '071-404-code': define(
    404,
    'No such code.',
    'The code is unknown, or this provider may not redeem it.',
    'Check the code; the owner lists who may redeem it in provider_slugs.',
  ),
  '071-404-dispensation': missing('dispensation'),
  '071-404-claim': missing('claim'),
  '071-404-prescription': missing('prescription'),
  '071-404-settlement': missing('settlement'),
  '071-404-settlement-claim': define(
    404,
    'No such claim in this settlement.',
    'No claim of this id, or of this authorization, is attached to the settlement.',
    'Read the lines of the settlement.',
  ),
  '071-404-settlement-document': missing('settlement document'),
  '071-404-subscription': missing('subscription'),
  '071-404-delivery': missing('delivery'),
  '071-404-request': define(
    404,
    'No such call in the request log.',
    'No call with this id, or it is no longer among the last 10 000.',
    "Read the list; X-Request-Id of an answer is the call's request_id.",
  ),
  '071-404-snapshot': define(
    404,
    'No such snapshot.',
    'The id or name is unknown or of another provider, the snapshot was deleted, or a newer one took its name.',
    'List the snapshots of the provider, or take one.',
  ),
  '071-405': define(
    405,
    'The route does not know this method.',
    'The path exists with other methods.',
    'Use one of the methods of the Allow header.',
  ),
  '071-406': define(
    406,
    'Only application/json can be answered.',
    'The Accept header excludes application/json.',
    'Send Accept: application/json, or none.',
  ),
  '071-409-already-completed': define(
    409,
    'The authorization request was completed already.',
    'complete was called a second time, or lost a race.',
    'Read the request; do not complete it again.',
  ),
  '071-409-cancelled': define(
    409,
    'The authorization request is cancelled.',
    'The request was cancelled before.',
    'Initiate a new request.',
  ),
  '071-409-already-decided': define(
    409,
    'The authorization request is not waiting for a decision.',
    'It is not PENDING_SPONSOR (any more).',
    'Read the request for its present state.',
  ),
  '071-409-indications-closed': define(
    409,
    'Indications can be attached only before completion.',
    'The request is no longer PENDING_INDICATION.',
    'Attach every indication before complete.',
  ),
  '071-409-not-cancellable': define(
    409,
    'The authorization request can no longer be cancelled.',
    'It is COMPLETED or CANCELLED.',
    'Void its authorizations instead.',
  ),
  '071-409-not-voidable': define(
    409,
    'Only an approved authorization without any redemption can be voided.',
    'It is redeemed, held by an open dispensation or claim, voided, expired, or not approved.',
    'Read the authorization for its present state.',
  ),
  '071-409-already-dispensed': define(
    409,
    'Everything on this code has been dispensed.',
    'A second dispensation of the same code, or a claim for what was redeemed before.',
    'Do not hand over again; show the message at the counter.',
    'documented',
  ),
  '071-409-dispensation-in-progress': define(
    409,
    'Another open dispensation holds this code.',
    'A dispensation was started, or a claim created, and neither completed nor voided.',
    'Complete or void it; after 30 minutes a dispensation is cancelled by itself, after 30 days a claim expires.',
    'documented',
  ),
  '071-409-code-voided': define(
    409,
    'The code is voided.',
    'The authorization or prescription was voided.',
    'Request a new one.',
  ),
  '071-409-code-expired': define(409, 'The code has expired.', 'Its validity is over.', 'Request a new one.'),
  '071-409-code-pending': define(
    409,
    'The sponsor has not decided yet.',
    'The authorization is PENDING_SPONSOR.',
    'Wait for authorization.created or authorization.rejected.',
  ),
  '071-409-code-rejected': define(
    409,
    'The sponsor rejected this authorization.',
    'The authorization is REJECTED.',
    'Show rejection_reason to the person.',
  ),
  '071-409-dispensation-closed': define(
    409,
    'The dispensation is not open.',
    'It is COMPLETED or CANCELLED.',
    'Start a new dispensation if anything remains on the code.',
  ),
  '071-409-quantity-held': define(
    409,
    'An open claim or dispensation holds this quantity of the authorization.',
    'Another claim or dispensation was opened for it and is neither completed nor voided.',
    'Complete or void the other one; an open dispensation ends after 30 minutes, an open claim after 30 days.',
  ),
  '071-409-claim-closed': define(
    409,
    'The state of the claim does not allow this.',
    'Only an OPEN claim is changed, gets files and is completed; only an OPEN or COMPLETED one is voided.',
    'Read the claim for its present status; create a new one if something is to be claimed anew.',
  ),
  '071-409-claim-in-batch': define(
    409,
    'The claim is in a live settlement batch.',
    'A claim is in at most one batch that is open, submitted or paid.',
    'Detach it from the other batch while that is open; after dispatch, wait for the decision of the sponsor.',
  ),
  '071-409-settlement-dispatched': define(
    409,
    'The settlement has been dispatched.',
    'dispatch was called before, or another call won the race for it; nothing of a dispatched batch changes.',
    'Read the settlement; put what is still pending into a new one.',
  ),
  '071-409-settlement-open': define(
    409,
    'The settlement has not been dispatched.',
    'A decision was given on a batch that the sponsor does not have yet.',
    'Dispatch the settlement first.',
  ),
  '071-409-settlement-resolved': define(
    409,
    'The sponsor has decided this settlement.',
    'It is ACCEPTED, REJECTED or PARTIALLY_ACCEPTED.',
    'Read the settlement for the decision.',
  ),
  '071-409-patient-exists': define(
    409,
    'A patient with this document exists already.',
    'The provider knows the document; case, accents and blanks around it do not count.',
    'Use the patient_id that errors[0].message holds.',
  ),
  '071-409-prescription-not-voidable': define(
    409,
    'Only a prescription of which nothing was dispensed can be voided.',
    'Something of it is dispensed or held by an open dispensation, or it is voided or expired.',
    'Read the prescription for its present state; void the open dispensation first.',
  ),
  '071-409-idempotency-mismatch': define(
    409,
    'This Idempotency-Key was used with another body.',
    'Same key and path, different body, within 24 hours.',
    'Use a new key for a new request.',
  ),
  '071-409-idempotency-in-progress': define(
    409,
    'A call with this Idempotency-Key is still running.',
    'The first call has not ended.',
    'Try again in a moment with the same key.',
  ),
  '071-409-provider-exists': define(
    409,
    'A provider with this slug exists already.',
    'provider_slug is unique.',
    'Choose another slug.',
  ),
  '071-409-sponsor-fixture': define(
    409,
    'A sponsor of the fixtures is neither replaced nor deleted.',
    'The slug is one of docs/fixtures.md, or an alias of one.',
    'Import the profile under a slug of its own.',
  ),
  '071-409-sponsor-in-use': define(
    409,
    'Providers still use this sponsor.',
    'A provider is affiliated with it, or has a request, an authorization, a dispensation, a claim or a settlement of it.',
    'Take the affiliations away and reset those providers; a changed profile with the same currency and slugs can replace it at any time.',
  ),
  '071-409-clock-backwards': define(
    409,
    'The clock never goes backwards.',
    'The time asked for lies before the present time of the provider.',
    'Ask for a later time, or reset the provider.',
  ),
  '071-409-snapshot-outdated': define(
    409,
    'The snapshot was taken by another version of the sandbox.',
    'The tables have changed since.',
    'Delete it and take a new one.',
  ),
  '071-409-sponsor-missing': define(
    409,
    'A sponsor that it names is not in this sandbox, or has another currency here. Nothing was changed.',
    'An imported sponsor was deleted after the snapshot or put again with another currency, or never brought to the sandbox of an import.',
    'Import the sponsors that errors names, with the currency of what the provider has of them.',
  ),
  '071-409-ids-taken': define(
    409,
    'Another provider has an id or code of it by now. Nothing was changed.',
    'A human code or an id that a restore or an import brings belongs to somebody else.',
    'Take a new snapshot; import into a sandbox that does not hold the provider under another slug.',
  ),
  '071-413': define(
    413,
    'The request is too large.',
    'A JSON body over 14 MB, or a file over 10 MB.',
    'Send a smaller file.',
  ),
  '071-415': define(
    415,
    'The Content-Type is not accepted here.',
    'The route takes another media type.',
    'Send application/json, or what the route documents.',
  ),
  '071-422-validation': define(
    422,
    'The request is not valid.',
    'One or more members are missing or not acceptable; errors lists all of them.',
    'Correct every entry of errors.',
    'documented',
  ),
  '071-104': define(
    422,
    'A product is not registered for this provider.',
    'Only products registered with POST /arc/v1/providers/products may be requested, prescribed or claimed.',
    'Register the products that errors names.',
    'documented',
  ),
  '071-422-coverage-inactive': define(
    422,
    'The coverage of the beneficiary is not active.',
    'coverage.active is false.',
    'Check coverage.active before initiating a request.',
  ),
  '071-422-product-type-unsupported': define(
    422,
    'The sponsor does not process this product type.',
    'Its configuration says supported: false.',
    'Read the configuration for the product type first.',
  ),
  '071-422-file-type': define(
    422,
    'The file is not of an accepted type.',
    'Its content (not its name) is none of the accepted media types.',
    'Send a PDF, JPEG or PNG.',
  ),
  '071-422-verification-required': define(
    422,
    'The sponsor wants a proof of the beneficiary.',
    'No valid otp_verification_token or biometric_reading_id came with the call.',
    'Verify the person and send the proof with the call.',
  ),
  '071-422-otp-invalid': define(
    422,
    'The one-time password is wrong.',
    'The code does not match.',
    'Ask the person again; five wrong tries lock it.',
    'documented',
  ),
  '071-422-otp-expired': define(
    422,
    'The one-time password has expired.',
    'Its 300 seconds are over.',
    'Send a new one.',
    'documented',
  ),
  '071-422-otp-locked': define(
    422,
    'The one-time password is locked.',
    'Five wrong tries.',
    'Send a new one.',
  ),
  '071-422-otp-used': define(
    422,
    'The one-time password was used already.',
    'A password works once.',
    'Send a new one.',
  ),
  '071-422-otp-destination': define(
    422,
    'The beneficiary has no destination for this channel.',
    'No phone or no mail address on file.',
    'Use the other channel, or another proof.',
  ),
  '071-422-beneficiary-mismatch': define(
    422,
    'The code or authorization belongs to another beneficiary.',
    'beneficiary_id is not the person of the code or authorization.',
    'Look the person up again.',
  ),
  '071-422-amount-mismatch': define(
    422,
    'amount is neither the total nor the part covered by the sponsor.',
    'The sum of the lines differs.',
    'Send total_amount, amount_covered_by_sponsor, or no amount.',
  ),
  '071-422-settlement-not-batch': define(
    422,
    'The sponsor does not settle in batches.',
    'The settlement member of its configuration is TRANSACTION.',
    'Use a sponsor whose configuration says BATCH, sponsor-sandbox-do among the fixtures.',
    'documented',
  ),
  '071-422-settlement-empty': define(
    422,
    'The settlement holds no claim.',
    'dispatch was called before anything was attached.',
    'Attach at least one entry of pending-authorizations first.',
    'documented',
  ),
  '071-422-subscription-limit': define(
    422,
    'A provider has at most 10 subscriptions.',
    'Ten exist already.',
    'Delete one, or widen the event_types of another.',
  ),
  '071-422-snapshot-limit': define(
    422,
    'A provider has at most 20 snapshots, of 256 MB together.',
    'So many exist already, or the provider holds too much.',
    'Delete a snapshot, or give the name of one, whose place the new one takes.',
  ),
  '071-422-address-not-allowed': define(
    422,
    'The URL points to an address that is not allowed.',
    'Private, reserved or otherwise forbidden for deliveries in this profile.',
    'Use a receiver that the profile allows (docs/webhooks.md).',
  ),
  '071-429': define(
    429,
    'Too many requests.',
    'The limit of this minute is used up.',
    'Wait for the seconds of Retry-After; cache tokens.',
    'documented',
  ),
  '071-429-live-streams': define(
    429,
    'Too many live streams of this provider are open.',
    'Twenty are open in this process.',
    'Close one; a stream that was cut off counts until the server notices.',
  ),
  '071-500': define(
    500,
    'Something went wrong on our side.',
    'A defect of the server.',
    'Report the request_id.',
  ),
  '071-503': define(
    503,
    'Temporarily unavailable. Nothing was changed.',
    'The database is locked or full, the server is stopping, or the sponsor did not answer.',
    'Try again with backoff.',
  ),
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof errorRegistry;
