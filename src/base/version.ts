declare const __CONVOCATE_VERSION__: string | undefined;

/** The release this program was built as; `development` where it runs from its sources. */
export function programVersion(): string {
  return typeof __CONVOCATE_VERSION__ === 'string' ? __CONVOCATE_VERSION__ : 'development';
}
