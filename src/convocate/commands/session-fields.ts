import type * as z from 'zod/mini';
import { UsageError } from '../../base/errors.ts';
import { DnsName, Protocol, SessionName, SessionPort } from '../../protocol/session.ts';

/** What an operator may say about a session, as it stands on the command line. */
export interface FieldOptions {
  readonly name?: string;
  readonly port?: string;
  readonly protocol?: string;
  readonly dnsName?: string;
}

export interface SessionFields {
  name?: string;
  port?: number;
  protocol?: 'tcp' | 'udp';
  dns_name?: string;
}

/** Checked by the wire's own rules; {@link UsageError} names the option that breaks one. */
export function sessionFields(options: FieldOptions): SessionFields {
  const fields: SessionFields = {};
  if (options.name !== undefined) fields.name = checked(SessionName, options.name, 'NAME');
  if (options.port !== undefined) {
    const port = options.port === 'auto' ? -1 : Number(options.port || Number.NaN);
    fields.port = checked(SessionPort, port, '--port', 'must be auto, 0 for none, or a port up to 65535');
  }
  if (options.protocol !== undefined)
    fields.protocol = checked(Protocol, options.protocol, '--protocol', 'must be tcp or udp');
  if (options.dnsName !== undefined) fields.dns_name = checked(DnsName, options.dnsName, '--dns-name');
  return fields;
}

function checked<T>(schema: z.ZodMiniType<T>, value: unknown, what: string, rule?: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new UsageError(`${what} ${rule ?? result.error.issues[0]?.message ?? 'is not valid'}`);
}
