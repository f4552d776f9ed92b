/**
 * The one place that turns an argv into a line for a POSIX shell. sshd hands a command to the login shell of the
 * remote user, so every argument that crosses SSH is quoted here and nowhere else.
 */
export function quoteArgument(argument: string): string {
  if (argument.includes('\0')) throw new TypeError('an argument cannot hold a NUL byte');
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}

export function quoteArgv(argv: readonly string[]): string {
  return argv.map(quoteArgument).join(' ');
}

/** An argv as an operator may copy it into a terminal; long script bodies are cut. */
export function formatArgv(argv: readonly string[]): string {
  return argv.map((argument) => (argument.length > 120 ? "'…'" : quoteArgument(argument))).join(' ');
}
