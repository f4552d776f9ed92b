/** Something that the demo says about the product is not so. */
export class DemoFailed extends Error {
  override readonly name = 'DemoFailed';
  constructor(claim: string, found = '') {
    super(`not so: ${claim}${found === '' ? '' : `\nfound: ${found}`}`);
  }
}
