import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

/** One JSON line per entry on stdout, which systemd hands to the journal. */
export function serviceLog(): Logger {
  return serviceLogTo(pino.destination({ fd: 1, sync: true }));
}

export function serviceLogTo(destination: DestinationStream): Logger {
  return pino({ level: process.env['CONVOCATE_LOG_LEVEL'] ?? 'info', base: null }, destination);
}
