export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly attachments?: readonly Attachment[];
}

export interface Attachment {
  readonly filename: string;
  readonly content: Buffer;
  readonly contentType: string;
}

export interface Mailer {
  /** Rejects when the mail server does not take it. */
  send(mail: Mail): Promise<void>;
  close(): void;
}

const from = 'Osigu sandbox <no-reply@sandbox.invalid>';
const timeout = 10_000;

/** Mails leave through the server of SMTP_URL. The library is loaded with the first mail. */
export function createMailer(smtpUrl: string): Mailer {
  let transport: Promise<Transport> | undefined;
  return {
    send: async (mail) => {
      transport ??= connect(smtpUrl);
      await (await transport).sendMail({ from, ...mail, attachments: [...(mail.attachments ?? [])] });
    },
    close: () => {
      transport?.then((open) => open.close()).catch(() => undefined);
    },
  };
}

interface Transport {
  sendMail(mail: Mail & { from: string; attachments: Attachment[] }): Promise<unknown>;
  close(): void;
}

async function connect(url: string): Promise<Transport> {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    url,
    pool: true,
    // Due work tries again; nobody waits for the library to.
    maxRequeues: 0,
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
  });
}

export interface Refusal {
  /** The server will never take it: a bounce. Else it may, later. */
  readonly final: boolean;
  /** The server's own words where it said any; public. */
  readonly reason: string;
}

/** What a failed `send` means. Only a refusal of the envelope or of the message is the recipient's affair. */
export function refusalOf(error: unknown): Refusal {
  const { code, responseCode, response } = (error ?? {}) as Partial<Record<string, unknown>>;
  if (typeof responseCode !== 'number' || typeof response !== 'string') {
    return { final: false, reason: 'The mail server does not answer.' };
  }
  if (code !== 'EENVELOPE' && code !== 'EMESSAGE') {
    return { final: false, reason: 'The mail server does not accept this sender.' };
  }
  return { final: responseCode >= 500, reason: response.slice(0, 500) };
}
