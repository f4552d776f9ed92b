import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { writeFileAtomic } from '../../base/atomic-file.ts';
import { UsageError, codeOf } from '../../base/errors.ts';
import { SHELL_HOST } from '../../protocol/host-layout.ts';

/** What the operator chose for the session image and for logins; remembered, so that the next `make install` needs no flags. */
export const InstallChoices = z.object({
  /** An image reference, or `debootstrap:<suite>` where none can be pulled. */
  base_image: z
    .string()
    .check(z.regex(/^debootstrap:[a-z]{3,20}$|^(?!debootstrap:)[a-z0-9][A-Za-z0-9._/:@-]*$/)),
  toolchain: z.enum(['full', 'minimal']),
  /** There, and false, where the login shell of claude is to stay what it is. */
  login_shell: z.optional(z.literal(false)),
});
export type InstallChoices = z.infer<typeof InstallChoices>;

const DEFAULTS: InstallChoices = { base_image: 'ubuntu:24.04', toolchain: 'full' };

/** The choices remembered, overlaid by the ones given now. Throws UsageError on one that cannot be. */
export async function settleChoices(given: {
  baseImage?: string;
  toolchain?: string;
  loginShell?: boolean;
}): Promise<InstallChoices> {
  const remembered = await readRemembered();
  const loginShell = given.loginShell ?? remembered.login_shell ?? true;
  const chosen = InstallChoices.safeParse({
    base_image: given.baseImage ?? remembered.base_image,
    toolchain: given.toolchain ?? remembered.toolchain,
    ...(!loginShell && { login_shell: false }),
  });
  if (chosen.success) return chosen.data;
  if (chosen.error.issues[0]?.path[0] === 'toolchain')
    throw new UsageError(`no toolchain is called ${JSON.stringify(given.toolchain)}`, {
      hint: 'give --toolchain full, or --toolchain minimal for tests',
    });
  throw new UsageError(`not an image to build on: ${JSON.stringify(given.baseImage)}`, {
    hint: 'give --base-image an image reference such as ubuntu:24.04, or debootstrap:bookworm where none can be pulled',
  });
}

export async function rememberChoices(choices: InstallChoices): Promise<void> {
  await writeFileAtomic(SHELL_HOST.installChoicesFile, `${JSON.stringify(choices, null, 2)}\n`);
}

async function readRemembered(): Promise<InstallChoices> {
  try {
    return InstallChoices.parse(JSON.parse(await readFile(SHELL_HOST.installChoicesFile, 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return DEFAULTS;
    throw new UsageError(`${SHELL_HOST.installChoicesFile} is damaged`, {
      hint: 'remove it, and give the flags again',
      cause: error,
    });
  }
}
