import type { Algorithms, ServerHostKeyAlgorithm } from 'ssh2';
import { LIMITS } from '../protocol/limits.ts';

/**
 * The one policy of both listeners and of our clients: ed25519 keys only, and ciphers that are fast in JavaScript
 * (OpenSSH would choose chacha20, which is slow here).
 */
export const ED25519 = 'ssh-ed25519' satisfies ServerHostKeyAlgorithm;

export const ALGORITHMS: Algorithms = {
  kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org'],
  serverHostKey: [ED25519],
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
  compress: ['none'],
};

/** New session keys after this much time; ssh2 has no rekeying of its own. */
export const REKEY_INTERVAL_MS = 60 * 60 * 1000;

/**
 * ssh2 gives up when one keepalive more than this would be due: with as many as the contract's misses it would take a
 * whole interval longer, 20 s instead of 15.
 */
export const KEEPALIVE_COUNT_MAX = LIMITS.keepaliveMisses - 1;
