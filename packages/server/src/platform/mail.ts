export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
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
      await (await transport).sendMail({ from, ...mail });
    },
    close: () => {
      transport?.then((open) => open.close()).catch(() => undefined);
    },
  };
}

interface Transport {
  sendMail(mail: Mail & { from: string }): Promise<unknown>;
  close(): void;
}

async function connect(url: string): Promise<Transport> {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    url,
    pool: true,
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
  });
}
