import { expect, test } from 'vitest';
import { parseSessionEnv } from './session-env.ts';

test('KEY=VALUE lines, comments and quotes', () => {
  const text = '# keys\n\nA=1\nB="two words"\r\nC=\'x=y\'\nD=\nE="half\n';
  expect(parseSessionEnv(text, 'f')).toEqual({ A: '1', B: 'two words', C: 'x=y', D: '', E: '"half' });
});

test.each(['export A=1', '1A=x', 'sk-secret-key', 'A B=c'])('"%s" is refused without being shown', (line) => {
  expect(() => parseSessionEnv(`OK=1\n${line}\n`, '/etc/x.env')).toThrow(
    '/etc/x.env: line 2 is not KEY=VALUE',
  );
});
