import { expect, test } from 'vitest';
import { inputsDigest } from './release.ts';

test('what a version is made from follows from its choices, its files and its program, and from nothing else here', () => {
  const choices = { base_image: 'ubuntu:24.04', toolchain: 'full' } as const;
  const file = (content: string) => ({ path: 'a', content: Buffer.from(content), executable: false });
  const program = { path: 'VERSION', sha256: 'a'.repeat(64), size: 1, executable: false };
  const digests = [
    inputsDigest(choices, [[file('one')], []], [program]),
    inputsDigest({ ...choices, base_image: 'debootstrap:bookworm' }, [[file('one')], []], [program]),
    inputsDigest({ ...choices, toolchain: 'minimal' }, [[file('one')], []], [program]),
    inputsDigest(choices, [[file('two')], []], [program]),
    inputsDigest(choices, [[], [file('one')]], [program]),
    inputsDigest(choices, [[file('one')], []], [{ ...program, sha256: 'b'.repeat(64) }]),
  ];
  expect(new Set(digests).size).toBe(digests.length);
  const kept = { ...choices, login_shell: false as const };
  expect(inputsDigest(kept, [[file('one')], []], [{ ...program }])).toBe(digests[0]);
});
