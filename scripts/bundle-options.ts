import type { BuildOptions } from 'esbuild';

/** How every program is turned into JavaScript for the runtime that is shipped beside it. */
export const BUNDLE_OPTIONS = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  // Node 24 has `using` itself. esbuild would write it out, and its text keeps an error from one turn of a loop to the
  // next: what failed once and was tried again until it succeeded then failed for good.
  supported: { using: true },
  format: 'esm',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
} as const satisfies BuildOptions;
